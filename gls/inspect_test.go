package gls_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/internal/carrier"
)

// Only whoever holds a *Storage can read it.
func TestRule10(t *testing.T) {
	t.Run("no exported function gives out values", func(t *testing.T) {
		files, err := os.ReadDir(".")
		require.NoError(t, err)
		functions := 0
		for _, file := range files {
			if !strings.HasSuffix(file.Name(), ".go") || strings.HasSuffix(file.Name(), "_test.go") {
				continue
			}
			parsed, err := parser.ParseFile(token.NewFileSet(), file.Name(), nil, 0)
			require.NoError(t, err)
			for _, decl := range parsed.Decls {
				if f, ok := decl.(*ast.FuncDecl); ok && f.Name.IsExported() {
					if f.Recv != nil && types.ExprString(f.Recv.List[0].Type) == "*snapshotContext" {
						continue // context.Context's methods: they give a Snapshot to those who have the key, this package
					}
					functions++
					assert.Empty(t, givesOut(f), f.Name.Name)
				}
			}
		}
		assert.Greater(t, functions, 20, "the source of this package was read")
	})
	t.Run("printing shows none", func(t *testing.T) {
		s := gls.New[string]("name")
		s.Run("secret", func() {
			scope := s.Enter("secret")
			shown := ""
			for _, v := range []any{s, scope, gls.Capture(), gls.Bind(func() {}), carrier.Here(),
				gls.NewContext(t.Context(), gls.Capture())} {
				shown += fmt.Sprintf("%v %+v %#v\n", v, v, v)
			}
			assert.NotContains(t, shown, "secret")
			assert.Contains(t, shown, "gls.Storage[string](name)")
			_, err := gls.New[string]("name").Lookup()
			assert.NotContains(t, fmt.Sprintf("%+v", err), "secret")
		})
	})
	t.Run("a storage of the same name and type is another", func(t *testing.T) {
		one, two := gls.New[int]("s"), gls.New[int]("s")
		var array [2]gls.Storage[int]
		gls.Run(func() {
			assert.Equal(t, "1 - - 2", see(one, two, &array[0], &array[1]))
			two.Run(3, func() { assert.Equal(t, "1 3 - 2", see(one, two, &array[0], &array[1])) })
		}, one.With(1), array[1].With(2))
	})
}

// givesOut names the first result or callback of a function through which it could hand out any number of values, or
// values of any type.
func givesOut(f *ast.FuncDecl) string {
	found := ""
	look := func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ArrayType:
			found = "list"
		case *ast.MapType:
			found = "map"
		case *ast.ChanType:
			found = "channel"
		case *ast.InterfaceType:
			found = "interface"
		case *ast.Ident:
			if n.Name == "any" {
				found = "any"
			}
		case *ast.SelectorExpr:
			if x, ok := n.X.(*ast.Ident); ok && (x.Name == "iter" || x.Name == "frame" || x.Name == "inspect") {
				found = x.Name + "." + n.Sel.Name
			}
		}
		return found == ""
	}
	if f.Type.Results != nil {
		ast.Inspect(f.Type.Results, look)
	}
	for _, p := range f.Type.Params.List {
		if callback, ok := p.Type.(*ast.FuncType); ok {
			for _, given := range callback.Params.List {
				ast.Inspect(given, look)
			}
		}
	}
	return found
}
