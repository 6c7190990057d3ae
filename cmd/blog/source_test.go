package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// handed has the types that would pass the request to a function.
var handed = map[string]bool{
	"context.Context": true, "http.Request": true, "http.ResponseWriter": true, "httpctx.Context": true,
}

// handedIn returns the parameters of those types in a file, with their positions: those of
// functions, methods, function literals, function types and methods of interfaces.
func handedIn(t *testing.T, name string, source any) (found []string) {
	t.Helper()
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, name, source, 0)
	require.NoError(t, err)
	imports := map[string]string{} // by the name that the file uses
	for _, i := range file.Imports {
		path := strings.Trim(i.Path.Value, `"`)
		base := path[strings.LastIndexByte(path, '/')+1:]
		if i.Name != nil {
			imports[i.Name.Name] = base
			require.NotEqual(t, ".", i.Name.Name, "%s hides what it takes", name)
		} else {
			imports[base] = base
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		fn, ok := n.(*ast.FuncType)
		if !ok {
			return true
		}
		for _, p := range fn.Params.List {
			ast.Inspect(p.Type, func(n ast.Node) bool { // through pointers, slices, maps, channels and ...
				if s, ok := n.(*ast.SelectorExpr); ok {
					if pkg, ok := s.X.(*ast.Ident); ok && handed[imports[pkg.Name]+"."+s.Sel.Name] {
						found = append(found, files.Position(p.Pos()).String())
					}
				}
				return true
			})
		}
		return true
	})
	return found
}

// No function has a parameter for a context or a request, except main, the functions that start
// servers, and middleware.
func TestNothingIsPassed(t *testing.T) {
	checked := 0
	require.NoError(t, filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && entry.Name() == "middleware":
			return filepath.SkipDir
		case filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") || path == "main.go":
			return nil
		case path == "server.go":
			// http.Server asks for a function that returns a context; the function has no
			// parameter.
		}
		checked++
		assert.Empty(t, handedIn(t, path, nil))
		return nil
	}))
	assert.Greater(t, checked, 8)
}

func TestNothingIsPassedWouldSeeIt(t *testing.T) {
	for _, source := range []string{
		`func f(ctx context.Context) {}`,
		`func f(int, ...context.Context) {}`,
		`func (t) f(r *http.Request) {}`,
		`func f(w http.ResponseWriter) {}`,
		`var f = func(a int, c *httpctx.Context) {}`,
		`type f func(r *web.Request)`,
		`type f interface{ Do(ctx context.Context) error }`,
		`func f(all map[string]*http.Request) {}`,
	} {
		imports := `import ("context"; "net/http"; web "net/http"; "github.com/ambient-go/ambient/httpctx"); type t int; `
		assert.Len(t, handedIn(t, "x.go", "package x; "+imports+source), 1, source)
	}
	ok := `package x; import "net/http"; func f() error { r, _ := http.NewRequest("GET", "", nil); _ = r; return nil }`
	assert.Empty(t, handedIn(t, "x.go", ok), "a request that is made here is not handed in")
}
