// Package realtest tests an analyzer on the packages below its testdata/src. They belong to this
// module, so they import the real library and no imitation of it.
package realtest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/analysistest"
	"golang.org/x/tools/go/analysis/checker"
	"golang.org/x/tools/go/analysis/passes/ctrlflow"
	"golang.org/x/tools/go/packages"

	"github.com/ambient-go/ambient/cmd/ambient/internal/libtest"
)

const mode = packages.LoadAllSyntax | packages.NeedModule

func pattern(a *analysis.Analyzer, pkg string) string {
	return "github.com/ambient-go/ambient/cmd/ambient/lint/" + a.Name + "/testdata/src/" + pkg
}

// Run compares the reports in packages below testdata/src with their want comments.
func Run(t *testing.T, a *analysis.Analyzer, pkgs ...string) {
	t.Helper()
	for i, pkg := range pkgs {
		pkgs[i] = pattern(a, pkg)
	}
	analysistest.Run(t, libtest.Workspace(t), a, pkgs...)
}

// Fix is Run that also checks the suggested fixes against the golden files. The golden files must
// compile, and of the reports only those without a fix may be left in them.
func Fix(t *testing.T, a *analysis.Analyzer, pkgs ...string) {
	t.Helper()
	for _, pkg := range pkgs {
		dir := pattern(a, pkg)
		results := analysistest.RunWithSuggestedFixes(t, libtest.Workspace(t), a, dir)
		withoutFix := 0
		for _, r := range results {
			for _, d := range r.Diagnostics {
				if len(d.SuggestedFixes) == 0 {
					withoutFix++
				}
			}
		}
		goldens, err := filepath.Glob(filepath.Join("testdata", "src", pkg, "*.golden"))
		require.NoError(t, err)
		require.NotEmpty(t, goldens)
		overlay := map[string][]byte{}
		for _, golden := range goldens {
			text, err := os.ReadFile(golden) //nolint:gosec // a file of testdata
			require.NoError(t, err)
			name, err := filepath.Abs(strings.TrimSuffix(golden, ".golden"))
			require.NoError(t, err)
			overlay[name] = text
		}
		for _, reports := range analyze(t, a, overlay, dir) {
			assert.Len(t, reports, withoutFix, "reports after the fixes")
		}
	}
}

// Doc checks the snippets in the analyzer's documentation: the analyzer reports each WRONG one and
// no RIGHT one. A snippet without declarations is the body of a function. declarations holds what
// the snippets refer to.
func Doc(t *testing.T, a *analysis.Analyzer, declarations string) {
	t.Helper()
	assert.NotEmpty(t, a.URL)
	title, _, _ := strings.Cut(a.Doc, "\n")
	assert.Regexp(t, "^"+a.Name+`: find `, title)
	snippets := snippets(a.Doc)
	require.GreaterOrEqual(t, len(snippets), 2, "WRONG and RIGHT")
	overlay := map[string][]byte{}
	patterns := make([]string, len(snippets))
	for i, text := range snippets {
		if !declares(text) {
			text = "func snippet() {\n" + text + "\n}\n"
		}
		dir := fmt.Sprintf("doc%d", i)
		name, err := filepath.Abs(filepath.Join("testdata", "src", dir, "doc.go"))
		require.NoError(t, err)
		overlay[name] = []byte("package doc\n" + declarations + "\n" + text)
		patterns[i] = pattern(a, dir)
	}
	found := analyze(t, a, overlay, patterns...)
	for i, text := range snippets {
		reports := found[patterns[i]]
		if strings.HasPrefix(text, "// WRONG") {
			assert.NotEmpty(t, reports, text)
		} else {
			assert.Empty(t, reports, text)
		}
	}
}

// snippets returns the pieces of code in a documentation. Each begins with WRONG or RIGHT and ends
// at the next one or at text.
func snippets(doc string) []string {
	var all []string
	open := false
	for line := range strings.SplitSeq(doc, "\n") {
		code, ok := strings.CutPrefix(line, "\t")
		switch {
		case !ok:
			open = open && line == ""
		case strings.HasPrefix(code, "// WRONG"), strings.HasPrefix(code, "// RIGHT"):
			all, open = append(all, code), true
		case open:
			all[len(all)-1] += "\n" + code
		}
	}
	return all
}

func declares(code string) bool {
	for line := range strings.SplitSeq(code, "\n") {
		if strings.HasPrefix(line, "func ") || strings.HasPrefix(line, "type ") || strings.HasPrefix(line, "var ") {
			return true
		}
	}
	return false
}

// Broken runs the analyzer on code that does not parse or does not type-check, among it prefixes of
// a package's file. The analyzer must not panic; its reports do not matter.
func Broken(t *testing.T, a *analysis.Analyzer, pkg string) {
	t.Helper()
	despite := []*analysis.Analyzer{ctrlflow.Analyzer, a}
	for again := a.Requires; len(again) > 0; again = again[1:] {
		despite = append(despite, again[0])
		again = append(again, again[0].Requires...)
	}
	for _, d := range despite {
		before := d.RunDespiteErrors
		d.RunDespiteErrors = true
		t.Cleanup(func() { d.RunDespiteErrors = before })
	}
	name, err := filepath.Abs(filepath.Join("testdata", "src", pkg, pkg+".go"))
	require.NoError(t, err)
	source, err := os.ReadFile(name) //nolint:gosec // a file of testdata
	require.NoError(t, err)
	lines := strings.SplitAfter(string(source), "\n")
	overlay := map[string][]byte{}
	var patterns []string
	add := func(kind string, i int, text string) {
		dir := fmt.Sprintf("%s%d", kind, i)
		name := filepath.Join(filepath.Dir(filepath.Dir(name)), dir, "broken.go")
		overlay[name] = []byte(text)
		patterns = append(patterns, pattern(a, dir))
	}
	step := max(1, len(lines)/25)
	for i := 1; i < len(lines); i += step {
		add("prefix", i, strings.Join(lines[:i], ""))
		add("without", i, strings.Join(lines[:i], "")+strings.Join(lines[min(i+step/2+1, len(lines)):], ""))
	}
	add("noimports", 0, "package broken\n"+string(source[strings.Index(string(source), ")\n")+2:]))
	pkgs := load(t, overlay, patterns...)
	require.Len(t, pkgs, len(patterns))
	graph, err := checker.Analyze([]*analysis.Analyzer{a}, pkgs, nil)
	require.NoError(t, err)
	broken := 0
	for _, root := range graph.Roots {
		require.NoError(t, root.Err, root.Package.PkgPath)
		if len(root.Package.Errors) > 0 {
			broken++
		}
	}
	assert.Greater(t, broken, len(patterns)/2, "so that it is what this test is about")
}

func load(t *testing.T, overlay map[string][]byte, patterns ...string) []*packages.Package {
	t.Helper()
	dir := libtest.Workspace(t)
	pkgs, err := packages.Load(&packages.Config{
		Mode:    mode,
		Dir:     dir,
		Env:     append(os.Environ(), "GOWORK="+filepath.Join(dir, "go.work"), "GOPROXY=off"),
		Overlay: overlay,
	}, patterns...)
	require.NoError(t, err)
	return pkgs
}

// analyze returns the analyzer's reports by package path. The packages must compile.
func analyze(t *testing.T, a *analysis.Analyzer, overlay map[string][]byte, patterns ...string) map[string][]analysis.Diagnostic {
	t.Helper()
	pkgs := load(t, overlay, patterns...)
	for _, pkg := range pkgs {
		require.Empty(t, pkg.Errors)
	}
	graph, err := checker.Analyze([]*analysis.Analyzer{a}, pkgs, nil)
	require.NoError(t, err)
	all := map[string][]analysis.Diagnostic{}
	for _, root := range graph.Roots {
		require.NoError(t, root.Err)
		all[root.Package.PkgPath] = root.Diagnostics
	}
	require.Len(t, all, len(pkgs))
	return all
}
