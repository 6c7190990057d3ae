package api_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/internal/api"
)

// exported returns the exported functions of the packages, and the methods of exported types: its parameters by name.
func exported(t *testing.T) map[string]*ast.FuncType {
	all := map[string]*ast.FuncType{}
	for name, path := range api.Packages {
		files, err := filepath.Glob(filepath.Join("../..", path, "*.go"))
		require.NoError(t, err)
		require.NotEmpty(t, files)
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			source, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
			require.NoError(t, err)
			require.Equal(t, name, source.Name.Name)
			for _, d := range source.Decls {
				f, ok := d.(*ast.FuncDecl)
				if !ok || !f.Name.IsExported() {
					continue
				}
				full := name + "."
				if f.Recv != nil {
					recv := receiver(f.Recv.List[0].Type)
					if !ast.IsExported(recv) {
						continue
					}
					full += recv + "."
				}
				all[full+f.Name.Name] = f.Type
			}
		}
	}
	return all
}

func receiver(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.StarExpr:
		return receiver(e.X)
	case *ast.IndexExpr:
		return receiver(e.X)
	case *ast.Ident:
		return e.Name
	}
	return ""
}

func TestEveryFunctionIsListed(t *testing.T) {
	all := exported(t)
	for name := range all {
		_, listed := api.Functions[name]
		assert.True(t, listed, "%s is exported, and not listed", name)
	}
	for name := range api.Functions {
		assert.NotNil(t, all[name], "%s is listed, and not exported", name)
	}
}

// What the columns say is what the signatures say, as far as these do.
func TestColumnsFitTheSignatures(t *testing.T) {
	all := exported(t)
	for name, f := range api.Functions {
		signature := all[name]
		if signature == nil {
			continue // the test before says so
		}
		var params []ast.Expr
		for _, p := range signature.Params.List {
			for range max(1, len(p.Names)) {
				params = append(params, p.Type)
			}
		}
		if f.Way != api.Never {
			if assert.Less(t, f.Arg, len(params), name) {
				assert.True(t, isFunction(params[f.Arg]), "%s: argument %d is no function", name, f.Arg)
			}
		}
		for i, p := range params {
			if f.Way == api.Never && isPlain(p) {
				assert.Fail(t, "a function that "+name+" is given, and no Way", "argument %d", i)
			}
		}
		if f.Gives != api.Lasting {
			assert.NotNil(t, signature.Results, name)
		}
		if f.Detached != "" {
			other := api.Functions["httpctx."+f.Detached]
			assert.True(t, other.Detaches && other.Way == f.Way && other.Arg == f.Arg, name)
		}
		if f.Ambient {
			selector, ok := params[0].(*ast.SelectorExpr)
			assert.True(t, ok && selector.Sel.Name == "Context", name)
		}
		assert.False(t, f.Way == api.Never && f.Arg != 0, name)
	}
}

// isPlain reports whether a type is func(), with which a flow goes on.
func isPlain(e ast.Expr) bool {
	f, ok := e.(*ast.FuncType)
	return ok && f.Params.NumFields() == 0
}

func isFunction(e ast.Expr) bool {
	if _, ok := e.(*ast.FuncType); ok {
		return true
	}
	name, ok := e.(*ast.Ident)
	return ok && name.Name == "F" // Bind's type parameter
}

// A column that holds for no function is one that nothing needs.
func TestEveryColumnIsUsed(t *testing.T) {
	used := map[string]bool{}
	for _, f := range api.Functions {
		v := reflect.ValueOf(f)
		for i := range v.NumField() {
			if !v.Field(i).IsZero() {
				used[v.Type().Field(i).Name] = true
			}
		}
	}
	assert.Len(t, used, reflect.TypeFor[api.Function]().NumField())
}

// The README's table of which one to use has each function that carries a value or puts one in force.
func TestReadmeHasEveryWay(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	_, table, ok := strings.Cut(string(text), "## Which one do I use?\n")
	require.True(t, ok)
	table, _, _ = strings.Cut(table, "\n## ")
	for _, name := range api.Names(func(name string, f api.Function) bool {
		return strings.HasPrefix(name, "gls.") && f.Way != api.Never
	}) {
		parts := strings.Split(name, ".")
		written := []string{name}
		if len(parts) == 3 { // a method, by its type or of a variable of that name
			written = []string{parts[1] + "." + parts[2], strings.ToLower(parts[1]) + "." + parts[2], "gls." + parts[1] + "`"}
		}
		assert.True(t, slices.ContainsFunc(written, func(form string) bool { return strings.Contains(table, "`"+form) }),
			"%s is not in the README's table", name)
	}
}

// quoted finds what texts in the source call gls.Something or httpctx.Something.
var quoted = regexp.MustCompile(`\b(gls|httpctx|glslog|glssql)\.([A-Z]\w*)(?:\.([A-Z]\w*))?`)

// What texts of the tool and of errors tell a user to write exists.
func TestTextsNameWhatExists(t *testing.T) {
	names := map[string]bool{}
	for name := range exported(t) {
		parts := strings.Split(name, ".")
		names[name], names[parts[0]+"."+parts[1]] = true, true
	}
	found := 0
	for _, folder := range []string{"gls", "httpctx", "internal", "cmd/ambient"} {
		require.NoError(t, filepath.WalkDir(filepath.Join("../..", folder), func(path string, d os.DirEntry, err error) error {
			if d.IsDir() && (d.Name() == "testdata" || d.Name() == "build") {
				return filepath.SkipDir
			}
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			source, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			if err != nil {
				return err
			}
			ast.Inspect(source, func(n ast.Node) bool {
				text, ok := n.(*ast.BasicLit)
				if !ok || text.Kind != token.STRING {
					return true
				}
				for _, name := range quoted.FindAllStringSubmatch(text.Value, -1) {
					found++
					if name[3] == "" || !names[name[1]+"."+name[2]] {
						name[3] = ""
					}
					full := strings.TrimSuffix(name[1]+"."+name[2]+"."+name[3], ".")
					assert.True(t, names[full] || exceptions[full], "%s: %s does not exist", path, name[0])
				}
				return true
			})
			return nil
		}))
	}
	assert.Greater(t, found, 100)
}

// exceptions are types and constants without methods, and what a user's program has.
var exceptions = map[string]bool{
	"gls.Binding": true, "gls.Explicit": true, "gls.Inherited": true, "gls.ErrNotSet": true,
	"httpctx.ErrNotEnabled": true, "httpctx.ErrNoRequest": true, "httpctx.ErrLost": true, "httpctx.ErrFinished": true,
}
