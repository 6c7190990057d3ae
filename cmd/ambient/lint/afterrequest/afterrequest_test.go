package afterrequest_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/cmd/ambient/lint/afterrequest"
	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/realtest"
)

func TestAnalyzer(t *testing.T) { realtest.Run(t, afterrequest.Analyzer, "a", "other", "starts") }

func TestEvents(t *testing.T) {
	events := afterrequest.Analyzer.Flags.Lookup("events")
	t.Cleanup(func() { require.NoError(t, events.Value.Set("")) })
	const here = "github.com/ambient-go/ambient/cmd/ambient/lint/afterrequest/testdata/src/"
	require.NoError(t, events.Value.Set(here+"events.After, "+here+"events.(*Queue).Push,"+here+"other.Topic.Each,events.Short"))
	realtest.Run(t, afterrequest.Analyzer, "events")

	assert.EqualError(t, events.Value.Set("example.com/app"), `"example.com/app" names no function: write pkg.Func or pkg.Type.Method`)
}

func TestDoc(t *testing.T) {
	realtest.Doc(t, afterrequest.Analyzer, `
		import (
			"log"

			"github.com/ambient-go/ambient/gls"
			"github.com/ambient-go/ambient/httpctx"
		)

		var (
			_, _ = gls.Go, log.Print
			user = httpctx.NewKey[string]("user")
		)

		type mailer struct{}

		func (mailer) Send(string) {}

		var mail mailer

		type events struct{}

		func (events) On(name string, f func(string)) {}

		var bus events
	`)
}

func TestBroken(t *testing.T) { realtest.Broken(t, afterrequest.Analyzer, "a") }
