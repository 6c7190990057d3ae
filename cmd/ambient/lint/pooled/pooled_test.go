package pooled_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/tools/go/analysis/analysistest"

	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/linttest"
	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/realtest"
	"github.com/ambient-go/ambient/cmd/ambient/lint/pooled"
)

func TestAnalyzer(t *testing.T) { linttest.Run(t, pooled.Analyzer, "a") }

// This module does not require the frameworks: the snippets are compiled with imitations.
func TestDoc(t *testing.T) {
	gopath := linttest.GOPATH(t, filepath.Join("testdata", "src"))
	dir := filepath.Join(gopath, "src", "doc")
	require.NoError(t, os.Mkdir(dir, 0o750))
	var text strings.Builder
	text.WriteString("package doc\n\nimport (\n\t\"strings\"\n\n\t\"github.com/gin-gonic/gin\"\n\t\"github.com/gofiber/fiber/v2\"\n\n\t\"github.com/ambient-go/ambient/gls\"\n)\n\n" +
		"var (\n\tuser = gls.New[string](\"user\")\n\t_ = strings.Clone\n)\n\nfunc work() {}\n")
	wrong, n := false, 0
	renamed := strings.NewReplacer("serve", "wrong", "userOf", "wrongOf")
	for line := range strings.Lines(pooled.Analyzer.Doc) {
		code, ok := strings.CutPrefix(line, "\t")
		switch {
		case !ok:
		case strings.HasPrefix(code, "// "):
			wrong = strings.HasPrefix(code, "// WRONG")
			n++
		case wrong:
			text.WriteString(strings.TrimSpace(renamed.Replace(code)) + " // want `framework uses`\n")
		default:
			text.WriteString(code)
		}
	}
	require.Equal(t, 6, n)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "doc.go"), []byte(text.String()), 0o600))
	analysistest.Run(t, gopath, pooled.Analyzer, "doc")
}

func TestBroken(t *testing.T) { realtest.Broken(t, pooled.Analyzer, "b") }
