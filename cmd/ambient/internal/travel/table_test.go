package main

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/cmd/ambient/internal/overlay"
	"github.com/ambient-go/ambient/internal/api"
	"github.com/ambient-go/ambient/internal/constructs"
)

var update = flag.Bool("update", false, "write the table into the README")

const (
	readme = "../../../../README.md"
	begin  = "<!-- what travels by what: written by make travel -->\n"
	end    = "<!-- end of what travels by what -->\n"
)

// output runs this program in one of the modes and returns the names of the constructs and what
// their functions saw.
func output(t *testing.T, flags ...string) (names []string, seen map[string]string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", append(append([]string{"run"}, flags...), ".")...)
	cmd.Env = append(os.Environ(), "GOWORK=off")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	text, err := cmd.Output()
	require.NoError(t, err, "%s%s", text, stderr.String())
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	seen = map[string]string{"": lines[0]}
	for _, line := range lines[1:] {
		name, value, _ := strings.Cut(line, "\t")
		names, seen[name] = append(names, name), value
	}
	return names, seen
}

// The first rows have all of the library's own constructs.
func TestTableHasEveryCarryingFunction(t *testing.T) {
	rows := ""
	for _, w := range carried {
		rows += w.name + "\n"
	}
	for _, name := range api.Names(func(name string, f api.Function) bool {
		return strings.HasPrefix(name, "gls.") && (f.Way == api.Started || f.Way == api.Timed || f.Way == api.Bound)
	}) {
		assert.True(t, strings.Contains(rows, "`"+name) || strings.Contains(rows, "`"+strings.TrimPrefix(name, "gls.")), name)
	}
}

// The README's table shows what happens with this release of Go on this machine.
func TestTable(t *testing.T) {
	cache := t.TempDir()
	tools, err := overlay.Find("", cache)
	require.NoError(t, err)
	path, err := overlay.Write(tools.Release, cache)
	require.NoError(t, err)
	for _, variable := range tools.Env {
		name, value, _ := strings.Cut(variable, "=")
		t.Setenv(name, value)
	}
	names, explicit := output(t)
	_, inherited := output(t, "-overlay", path)
	require.Equal(t, "explicit", explicit[""])
	require.Equal(t, "inherited", inherited[""])

	table := "| construct | `go build` | `ambient build` | instead, with `go build` |\n|---|---|---|---|\n"
	for _, name := range names {
		table += "| " + name + " | " + explicit[name] + " | " + inherited[name] + " | "
		if explicit[name] == "no" {
			require.NotEmpty(t, constructs.Instead(name), name)
			table += constructs.Instead(name) + " "
		}
		table += "|\n"
	}
	text, err := os.ReadFile(filepath.FromSlash(readme))
	require.NoError(t, err)
	before, rest, ok := strings.Cut(string(text), begin)
	require.True(t, ok, "no %s", begin)
	written, after, ok := strings.Cut(rest, end)
	require.True(t, ok, "no %s", end)
	if *update {
		require.NoError(t, os.WriteFile(filepath.FromSlash(readme), []byte(before+begin+table+end+after), 0o644))
		return
	}
	for line := range strings.Lines(table) { // without cgo some rows are missing
		assert.Contains(t, written, line)
	}
}
