package realcode_test

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/checker"
	"golang.org/x/tools/go/packages"

	"github.com/ambient-go/ambient/cmd/ambient/lint"
)

// modules has the modules that the analyzers run over, with the number of their packages that
// testdata/module imports.
var modules = map[string]int{
	"github.com/gin-gonic/gin":            3,
	"github.com/go-chi/chi/v5":            2,
	"github.com/go-kit/kit":               10,
	"github.com/labstack/echo/v4":         2,
	"github.com/prometheus/client_golang": 8,
}

// The analyzers look at packages that use the library alone, so each package is made to import it.
func TestNothingIsReported(t *testing.T) {
	dir := workdir(t)
	for module := range modules {
		copied := filepath.Join(dir, "copies", filepath.FromSlash(module))
		copyModule(t, moduleDir(t, dir, module), copied)
		importLibrary(t, copied)
		run(t, dir, "mod", "edit", "-replace", module+"="+copied)
	}
	found, perModule := analyze(t, dir)
	assert.Equal(t, modules, perModule)
	assert.Empty(t, found)
	t.Logf("%d analyzers over %v: %d reports", len(lint.Analyzers()), perModule, len(found))
}

func TestPlantedLossesAreFound(t *testing.T) {
	dir := workdir(t)
	perAnalyzer := map[string]int{}
	var want []string
	for _, p := range plants {
		copied := filepath.Join(dir, "copies", filepath.FromSlash(p.module))
		if _, err := os.Stat(copied); err != nil {
			copyModule(t, moduleDir(t, dir, p.module), copied)
			run(t, dir, "mod", "edit", "-replace", p.module+"="+copied)
		}
		plantIn(t, filepath.Join(copied, filepath.FromSlash(p.file)), p)
		want = append(want, fmt.Sprintf("%s: %s: %s", p.analyzer, p.module+"/"+p.file, p.reported))
		perAnalyzer[p.analyzer]++
	}
	require.Len(t, want, len(plants))
	require.Len(t, perAnalyzer, len(lint.Analyzers()), "each analyzer has a loss to find")
	found, perModule := analyze(t, dir)
	assert.Equal(t, modules, perModule)
	assert.ElementsMatch(t, want, found)
}

// workdir returns a copy of testdata/module, with its requirements downloaded.
func workdir(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("type-checks five modules and all that they import")
	}
	dir := t.TempDir()
	for _, name := range []string{"go.mod", "go.sum", "uses.go"} {
		text, err := os.ReadFile(filepath.Join("testdata", "module", name))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), text, 0o600))
	}
	root, err := filepath.Abs(filepath.Join("..", "..", "..", "..", ".."))
	require.NoError(t, err)
	run(t, dir, "mod", "edit", "-replace", "github.com/ambient-go/ambient="+root)
	if text, err := output(dir, "mod", "download"); err != nil {
		if why := unreachable(t, dir); why != nil {
			t.Skipf("SKIPPED: the modules are not here and the module proxy cannot be reached: %v", why)
		}
		t.Fatalf("go mod download: %v\n%s", err, text)
	}
	return dir
}

// unreachable returns the error of the last module proxy if none answers, otherwise nil.
func unreachable(t *testing.T, dir string) error {
	t.Helper()
	text, err := output(dir, "env", "GOPROXY")
	require.NoError(t, err)
	why := errors.New("GOPROXY=" + strings.TrimSpace(text))
	for _, proxy := range strings.FieldsFunc(strings.TrimSpace(text), func(r rune) bool { return r == ',' || r == '|' }) {
		if !strings.HasPrefix(proxy, "http") {
			continue
		}
		client := http.Client{Timeout: 20 * time.Second}
		response, err := client.Get(strings.TrimSuffix(proxy, "/") + "/github.com/go-chi/chi/v5/@v/list")
		if err == nil {
			response.Body.Close()
			return nil
		}
		why = err
	}
	return why
}

// analyze runs all analyzers over the packages that uses.go imports. It returns the reports, each
// with its line of source, and the number of packages per module.
func analyze(t *testing.T, dir string) (found []string, perModule map[string]int) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "uses.go"))
	require.NoError(t, err)
	var patterns []string
	for _, match := range regexp.MustCompile(`_ "(.*)"`).FindAllStringSubmatch(string(text), -1) {
		if !strings.HasPrefix(match[1], "github.com/ambient-go/") {
			patterns = append(patterns, match[1])
		}
	}
	pkgs, err := packages.Load(&packages.Config{
		Mode: packages.LoadAllSyntax | packages.NeedModule,
		Dir:  dir,
		Env:  environment(),
	}, patterns...)
	require.NoError(t, err)
	require.Len(t, pkgs, len(patterns))
	perModule = map[string]int{}
	for _, pkg := range pkgs {
		require.Empty(t, pkg.Errors, pkg.PkgPath)
		perModule[pkg.Module.Path]++
	}
	graph, err := checker.Analyze(lint.Analyzers(), pkgs, &checker.Options{SanityCheck: true})
	require.NoError(t, err)
	for _, root := range graph.Roots {
		require.NoError(t, root.Err, root.String())
		for _, d := range root.Diagnostics {
			found = append(found, describe(t, root, d))
		}
	}
	return found, perModule
}

func describe(t *testing.T, root *checker.Action, d analysis.Diagnostic) string {
	t.Helper()
	at := root.Package.Fset.Position(d.Pos)
	source, err := os.ReadFile(at.Filename)
	require.NoError(t, err)
	line := strings.TrimSpace(strings.Split(string(source), "\n")[at.Line-1])
	return fmt.Sprintf("%s: %s: %s", root.Analyzer.Name, root.Package.PkgPath+"/"+filepath.Base(at.Filename), line)
}

func environment() []string {
	return append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=readonly")
}

func output(dir string, args ...string) (string, error) {
	cmd := exec.Command("go", args...)
	cmd.Dir, cmd.Env = dir, environment()
	text, err := cmd.CombinedOutput()
	return string(text), err
}

func run(t *testing.T, dir string, args ...string) string {
	t.Helper()
	text, err := output(dir, args...)
	require.NoError(t, err, text)
	return strings.TrimSpace(text)
}

func moduleDir(t *testing.T, dir, module string) string {
	t.Helper()
	return run(t, dir, "list", "-m", "-f", "{{.Dir}}", module)
}
