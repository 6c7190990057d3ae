package leave_test

import (
	"testing"

	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/realtest"
	"github.com/ambient-go/ambient/cmd/ambient/lint/leave"
)

func TestAnalyzer(t *testing.T) { realtest.Run(t, leave.Analyzer, "a", "handler", "other", "mainpkg") }

func TestFix(t *testing.T) { realtest.Fix(t, leave.Analyzer, "fix") }

func TestDoc(t *testing.T) {
	realtest.Doc(t, leave.Analyzer, `
		import (
			"net/http"

			"github.com/ambient-go/ambient/gls"
		)

		var user = gls.New[string]("user")

		var _ = http.HandleFunc

		var names []string

		func greet()        {}
		func allowed() bool { return user.Name() == "" }
	`)
}

func TestBroken(t *testing.T) { realtest.Broken(t, leave.Analyzer, "a") }
