// Package readme_test checks the README: its links and its code.
package readme_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/internal/testexec"
)

const root = "../.."

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, path))
	require.NoError(t, err)
	return string(text)
}

func TestReadmeIsShort(t *testing.T) {
	assert.Less(t, strings.Count(read(t, "README.md"), "\n"), 200)
}

var links = regexp.MustCompile(`\]\(([^)#:"]+)(?:#[^)]*)?\)|(?:src|srcset)="([^":]+)"`)

// Each link into this repository has its target.
func TestLinksLeadSomewhere(t *testing.T) {
	pages, err := filepath.Glob(filepath.Join(root, "*.md"))
	require.NoError(t, err)
	for _, page := range append(pages, filepath.Join(root, "cmd/ambient/README.md"), filepath.Join(root, "cmd/blog/README.md"),
		filepath.Join(root, "gls/glssql/dbtest/README.md"), filepath.Join(root, "gls/RULES.md"), filepath.Join(root, "httpctx/RULES.md")) {
		text, err := os.ReadFile(page)
		require.NoError(t, err)
		for _, link := range links.FindAllStringSubmatch(string(text), -1) {
			target := link[1] + link[2]
			_, err := os.Stat(filepath.Join(filepath.Dir(page), target))
			assert.NoError(t, err, "%s links to %s", page, target)
		}
	}
}

// fragments has the code around blocks that are no programs.
var fragments = map[string]string{
	"slog.SetDefault(": `package main

import (
	"log/slog"
	"net/http"
	"os"

	"github.com/ambient-go/ambient/httpctx"
)

func main() {
	mux := http.NewServeMux()
	BLOCK
}
`,
}

var blocks = regexp.MustCompile("(?s)```go\n(.*?)```")

// Each block of code compiles, and a program prints what its comments say.
func TestCodeOfTheReadme(t *testing.T) {
	testexec.Builds(t)
	goCommand, err := exec.LookPath("go")
	if err != nil {
		t.Skip("there is no go command here")
	}
	here, err := filepath.Abs(root)
	require.NoError(t, err)
	programs := 0
	for i, block := range blocks.FindAllStringSubmatch(read(t, "README.md"), -1) {
		code, command := block[1], "run"
		if !strings.HasPrefix(code, "package main") {
			around := ""
			for start, text := range fragments {
				if strings.HasPrefix(code, start) {
					around = text
				}
			}
			require.NotEmpty(t, around, "block %d begins like none of the fragments:\n%s", i, code)
			code, command = strings.Replace(around, "BLOCK", code, 1), "vet"
		} else {
			programs++
		}
		dir := t.TempDir()
		write := func(name, text string) {
			require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
		}
		write("main.go", code)
		write("go.sum", read(t, "go.sum"))
		write("go.mod", strings.Replace(read(t, "go.mod"), "module github.com/ambient-go/ambient", "module m", 1)+
			"\nrequire github.com/ambient-go/ambient v0.0.0\nreplace github.com/ambient-go/ambient => "+here+"\n")
		cmd := exec.CommandContext(t.Context(), goCommand, command, ".")
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod")
		output, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s\n%s", code, output)
		if command == "run" {
			var want strings.Builder
			for _, said := range regexp.MustCompile(`// (hello,.*)`).FindAllStringSubmatch(code, -1) {
				want.WriteString(said[1] + "\n")
			}
			assert.Equal(t, want.String(), string(output))
		}
	}
	assert.Equal(t, 1, programs)
}
