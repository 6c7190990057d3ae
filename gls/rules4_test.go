package gls_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

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

// Disable ends values, everywhere, and no scope.
func TestRule13(t *testing.T) {
	t.Run("everywhere", func(t *testing.T) {
		a, b := gls.NewWithDefault("a", 9), gls.New[int]("b")
		hold, held := make(chan bool), make(chan bool)
		var snapshot gls.Snapshot
		var bound func() string
		var binding gls.Binding
		var group gls.WaitGroup
		gls.Run(func() {
			snapshot = gls.Capture()
			bound = gls.Bind(func() string { return see(a, b) })
			binding = a.With(5)
			for range 10 {
				group.Go(func() {
					a.Enter(3)
					held <- true
					<-hold
					if got := see(a, b); got != "- 2" {
						t.Errorf("on another goroutine: %q", got)
					}
					a.Run(4, func() {
						if got := see(a, b); got != "4 2" {
							t.Errorf("anew: %q", got)
						}
					})
					if got := see(a, b); got != "- 2" {
						t.Errorf("after that: %q", got)
					}
				})
				<-held
			}
			a.Disable()
			assert.Equal(t, "- 2", see(a, b), "here, and the other storage keeps its value")
			assert.Equal(t, "- 2", bound(), "in a bound function")
			snapshot.Run(func() { assert.Equal(t, "- 2", see(a, b), "in a snapshot") })
			v, ok := a.Get()
			assert.True(t, v == 9 && !ok, "the default shows")
			_, err := a.Lookup()
			assert.ErrorIs(t, err, gls.ErrNotSet)
			gls.Run(func() { assert.Equal(t, "5 2", see(a, b), "a binding is set by Run") }, binding)
		}, a.With(1), b.With(2))
		close(hold)
		group.Wait()
		assert.Equal(t, "- 2", bound())
	})
	t.Run("unwinding brings nothing back", func(t *testing.T) {
		s := gls.New[int]("s")
		s.Run(1, func() {
			scope := s.Enter(2)
			s.Run(3, func() {
				s.Exit(func() {
					s.Run(4, func() { s.Disable() })
					assert.Equal(t, "-", see(s))
				})
				assert.Equal(t, "-", see(s))
			})
			assert.Equal(t, "-", see(s))
			scope.Leave()
			assert.Equal(t, "-", see(s))
		})
		assert.Equal(t, "-", see(s))
	})
	t.Run("a new value at once, in the same scope", func(t *testing.T) {
		s := gls.New[int]("s")
		s.Run(1, func() {
			s.Disable()
			s.Run(2, func() {
				assert.Equal(t, "2", see(s))
				join(func() { assert.Equal(t, inChild("2"), see(s)) })
			})
			assert.Equal(t, "-", see(s))
			scope := s.Enter(3)
			assert.Equal(t, "3", see(s))
			seen := make(chan string)
			gls.Go(func() { seen <- see(s) })
			assert.Equal(t, "3", <-seen)
			s.Disable()
			assert.Equal(t, "-", see(s))
			scope.Leave()
			assert.Equal(t, "-", see(s))
			s.Enter(4)
			assert.Equal(t, "4", see(s))
		})
		assert.Equal(t, "-", see(s))
	})
	t.Run("never set", func(t *testing.T) {
		var s gls.Storage[int]
		s.Disable()
		s.Disable()
		assert.Equal(t, "-", see(&s))
		s.Run(1, func() { assert.Equal(t, "1", see(&s)) })
	})
	t.Run("while it is used", func(t *testing.T) {
		s := gls.New[int]("s")
		var group sync.WaitGroup
		stop := time.Now().Add(50 * time.Millisecond)
		for i := range 8 {
			group.Go(func() {
				for time.Now().Before(stop) {
					s.Run(i, func() {
						scope := s.Enter(i)
						if v, ok := s.Get(); ok && v != i {
							t.Errorf("%d instead of %d", v, i)
						}
						scope.Leave()
					})
					if see(s) != "-" {
						t.Error("a value outside of any scope")
					}
				}
			})
		}
		for time.Now().Before(stop) {
			s.Disable()
		}
		group.Wait()
	})
	t.Run("a nil storage", func(t *testing.T) {
		var s *gls.Storage[int]
		fn := func() { assert.Fail(t, "called") }
		for method, call := range map[string]func(){
			"Run":       func() { s.Run(1, fn) },
			"Exit":      func() { s.Exit(fn) },
			"Enter":     func() { s.Enter(1) },
			"Get":       func() { s.Get() },
			"Lookup":    func() { _, _ = s.Lookup() },
			"GetOrFail": func() { s.GetOrFail() },
			"Disable":   func() { s.Disable() },
			"Name":      func() { _ = s.Name() },
			"String":    func() { _ = s.String() },
			"With":      func() { s.With(1) },
			"Call":      func() { gls.Call(s, 1, func() int { fn(); return 1 }) },
		} {
			before, place := gls.Capture(), carrier.Here()
			assert.Equal(t, "gls.Storage."+method+": called on a nil *Storage", panicOf(call))
			assert.True(t, before == gls.Capture() && place == carrier.Here(), method)
		}
		assert.Equal(t, "<nil>", fmt.Sprint(s), "fmt asks String and does not die of it")
	})
}
