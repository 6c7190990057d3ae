package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	handedTypes = map[string]bool{"context.Context": true, "workflow.Context": true, "http.Request": true}
	handedNames = regexp.MustCompile(`(?i)^(ctx|tenants?|users?|userID|requests?|requestID|trace|traceID|spanID)$`)
)

// handedIn returns the parameters in a file that are contexts or identities: those of functions,
// methods, function literals, function types and methods of interfaces. Each entry has the name of
// the function around and the parameter's type.
func handedIn(t *testing.T, name string, source any) (found []string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), name, source, 0)
	require.NoError(t, err)
	imports := make(map[string]string) // by the name that the file uses
	for _, i := range file.Imports {
		path := strings.Trim(i.Path.Value, `"`)
		base := path[strings.LastIndexByte(path, '/')+1:]
		called := base
		if i.Name != nil {
			called = i.Name.Name
			require.NotEqual(t, ".", called, "%s hides what it takes", name)
		}
		imports[called] = base
	}
	for _, d := range file.Decls {
		in := "a type or variable"
		if fn, ok := d.(*ast.FuncDecl); ok {
			in = fn.Name.Name
		}
		ast.Inspect(d, func(n ast.Node) bool {
			fn, ok := n.(*ast.FuncType)
			if !ok {
				return true
			}
			for _, p := range fn.Params.List {
				for _, called := range p.Names {
					if handedNames.MatchString(called.Name) {
						found = append(found, in+" "+called.Name)
					}
				}
				ast.Inspect(p.Type, func(n ast.Node) bool { // through pointers, slices, maps, channels and ...
					if s, ok := n.(*ast.SelectorExpr); ok {
						if pkg, ok := s.X.(*ast.Ident); ok && handedTypes[imports[pkg.Name]+"."+s.Sel.Name] {
							found = append(found, in+" "+imports[pkg.Name]+"."+s.Sel.Name)
						}
					}
					return true
				})
			}
			return true
		})
	}
	return found
}

// A function that a library calls has the parameters that the library asks for, and passes none on.
// No other function has a parameter for a context, a request or an identity.
func TestNothingIsPassed(t *testing.T) {
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	var found []string
	for _, file := range files {
		if !strings.HasSuffix(file, "_test.go") {
			found = append(found, handedIn(t, file, nil)...)
		}
	}
	assert.ElementsMatch(t, []string{
		"edge http.Request", "handler http.Request", // net/http's handlers
		"UnaryCall context.Context",                                               // the gRPC service
		"GetSystemInfo context.Context", "StartWorkflowExecution context.Context", // Temporal's
		"ship workflow.Context", "ship ctx", // a workflow
		// OpenTelemetry's
		"OnStart context.Context", "OnStart ctx", "Shutdown context.Context", "ForceFlush context.Context",
	}, found)
}

func TestNothingIsPassedWouldSeeIt(t *testing.T) {
	for _, source := range []string{
		`func f(context.Context) {}`,
		`func f(int, ...context.Context) {}`,
		`func (t) f(r *http.Request) {}`,
		`var f = func(a int, c workflow.Context) {}`,
		`type f func(r *web.Request)`,
		`type f interface{ Do(c context.Context) error }`,
		`func f(tenant string) {}`,
		`func f(goods, userID string) {}`,
		`func f() { func(all map[string]*http.Request) {}(nil) }`,
	} {
		imports := `import ("context"; "net/http"; web "net/http"; "go.temporal.io/sdk/workflow"); type t int; `
		assert.Len(t, handedIn(t, "x.go", "package x; "+imports+source), 1, source)
	}
	ok := `package x; import "net/http"; func f(goods string) { r, _ := http.NewRequest("GET", "", nil); _ = r }`
	assert.Empty(t, handedIn(t, "x.go", ok), "a request that is made here is not handed in")
}
