// Package linttest runs analyzers on the packages in testdata/src, which import the real library
// and no imitation of it.
package linttest

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/analysistest"
	"golang.org/x/tools/go/packages"
	"golang.org/x/tools/txtar"

	"github.com/ambient-go/ambient/cmd/ambient/internal/libtest"
)

// Run checks the analyzer's diagnostics in the packages of testdata/src that the patterns name,
// compares the fixed files with the golden files, and compiles the golden files.
func Run(t *testing.T, a *analysis.Analyzer, patterns ...string) []*analysistest.Result {
	t.Helper()
	gopath := GOPATH(t, "testdata/src")
	if os.Getenv("AMBIENT_UPDATE") != "" {
		update(t, gopath, analysistest.Run(t, gopath, a, patterns...))
		return nil
	}
	results := analysistest.RunWithSuggestedFixes(t, gopath, a, patterns...)
	compileGoldens(t, gopath, patterns)
	return results
}

// GOPATH makes a GOPATH with the sources in dir, the library, and the packages that the library
// imports.
func GOPATH(t *testing.T, dir string) string {
	t.Helper()
	gopath := t.TempDir()
	src := filepath.Join(gopath, "src")
	require.NoError(t, os.CopyFS(src, os.DirFS(dir)))
	out, err := exec.Command("go", "-C", libtest.Root(t), "list", "-f", "{{.ImportPath}}\t{{.Dir}}", "-deps",
		"./gls", "./httpctx").Output()
	require.NoError(t, err)
	for line := range strings.Lines(string(out)) {
		path, dir, _ := strings.Cut(strings.TrimSpace(line), "\t")
		first, _, _ := strings.Cut(path, "/")
		if !strings.Contains(first, ".") {
			continue // the standard library
		}
		copyPackage(t, dir, filepath.Join(src, filepath.FromSlash(path)))
	}
	return gopath
}

// copyPackage copies the files of a package without its tests.
func copyPackage(t *testing.T, from, to string) {
	t.Helper()
	entries, err := os.ReadDir(from)
	require.NoError(t, err)
	require.NoError(t, os.MkdirAll(to, 0o777))
	for _, e := range entries {
		if ext := filepath.Ext(e.Name()); e.IsDir() || ext != ".go" && ext != ".s" && ext != ".h" ||
			strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(from, e.Name()))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(to, e.Name()), text, 0o666))
	}
}

// compileGoldens puts each golden file in the place of its source file and type-checks the packages
// again. If a golden file is an archive with one text per fix, each text is checked in turn.
func compileGoldens(t *testing.T, gopath string, patterns []string) {
	t.Helper()
	goldens := map[string][][]byte{}
	rounds := 0
	require.NoError(t, filepath.WalkDir(filepath.Join(gopath, "src"), func(path string, _ fs.DirEntry, err error) error {
		file, ok := strings.CutSuffix(path, ".golden")
		if err != nil || !ok {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		texts := [][]byte{text}
		if archive := txtar.Parse(text); len(archive.Files) > 0 {
			texts = nil
			for _, f := range archive.Files {
				texts = append(texts, f.Data)
			}
		}
		goldens[file] = texts
		rounds = max(rounds, len(texts))
		return nil
	}))
	for round := range rounds {
		for file, texts := range goldens {
			require.NoError(t, os.WriteFile(file, texts[min(round, len(texts)-1)], 0o666))
		}
		pkgs, err := packages.Load(&packages.Config{
			Mode:  packages.NeedName | packages.NeedTypes | packages.NeedSyntax | packages.NeedImports,
			Dir:   gopath,
			Tests: true,
			Env:   append(os.Environ(), "GOPATH="+gopath, "GO111MODULE=off", "GOWORK=off"),
		}, patterns...)
		require.NoError(t, err)
		for _, p := range pkgs {
			for _, e := range p.Errors {
				t.Errorf("a golden does not compile: %v", e)
			}
		}
	}
}
