package overlay

import (
	"cmp"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// A Start is a place that starts a goroutine or a timer.
type Start struct {
	Starts   string // "go", "time.AfterFunc", "context.AfterFunc"; in package runtime and iter, "newproc1" and "newcoro"
	Function string // the function that holds it, as symbols name it
	Position token.Position
}

// Starts returns the places in one file of a package that start goroutines or timers. A file may
// use syntax that this program's own release of go/parser does not know, such as Go 1.27's methods
// with type parameters: the parser reports it and goes on.
func Starts(file, pkg string) (starts []Start, err error) {
	files := token.NewFileSet()
	parsed, err := parser.ParseFile(files, file, nil, parser.SkipObjectResolution|parser.AllErrors)
	if parsed == nil {
		return nil, err
	}
	for _, d := range parsed.Decls {
		function := symbol(pkg) + "." + nameOf(d)
		ast.Inspect(d, func(n ast.Node) bool {
			if what := startedBy(n); what != "" {
				starts = append(starts, Start{what, function, files.Position(n.Pos())})
			}
			return true
		})
	}
	return starts, nil
}

// Functions returns the names of the functions in one file of a package, as symbols name them.
// Package-level variables count as one, init.
func Functions(file, pkg string) (names []string, err error) {
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution|parser.AllErrors)
	if parsed == nil {
		return nil, err
	}
	for _, d := range parsed.Decls {
		names = append(names, symbol(pkg)+"."+nameOf(d))
	}
	return names, nil
}

// startedBy returns the value of Start.Starts for a node, or "".
func startedBy(n ast.Node) string {
	switch n := n.(type) {
	case *ast.GoStmt:
		return "go"
	case *ast.CallExpr:
		switch f := n.Fun.(type) {
		case *ast.SelectorExpr:
			if x, ok := f.X.(*ast.Ident); ok && f.Sel.Name == "AfterFunc" && (x.Name == "time" || x.Name == "context") {
				return x.Name + ".AfterFunc"
			}
		case *ast.Ident:
			if f.Name == "newcoro" || f.Name == "newproc1" {
				return f.Name
			}
		}
	}
	return ""
}

// nameOf returns a declaration's name in the form that symbols have behind the package.
func nameOf(d ast.Decl) string {
	f, ok := d.(*ast.FuncDecl)
	if !ok {
		return "init"
	}
	if f.Recv == nil || len(f.Recv.List) == 0 {
		return f.Name.Name
	}
	typ, pointer := f.Recv.List[0].Type, false
	for {
		switch t := typ.(type) {
		case *ast.StarExpr:
			typ, pointer = t.X, true
			continue
		case *ast.ParenExpr:
			typ = t.X
			continue
		case *ast.IndexExpr:
			typ = t.X
			continue
		case *ast.IndexListExpr:
			typ = t.X
			continue
		case *ast.Ident:
			if pointer {
				return "(*" + t.Name + ")." + f.Name.Name
			}
			return t.Name + "." + f.Name.Name
		}
		return f.Name.Name
	}
}

// Unknown returns the go statements and timers of a release's standard library, on all ports, for
// which Std has no rule, or another count. They start with nothing.
func Unknown(r Release) (unknown []Start, err error) {
	root := filepath.Join(r.Root, "src")
	found := make(map[[2]string][]Start)
	err = filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if d.IsDir() {
			if rel == "cmd" || d.Name() == "testdata" {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(rel, ".go") || strings.HasSuffix(rel, "_test.go") {
			return nil
		}
		starts, err := Starts(name, path.Dir(rel))
		for _, s := range starts {
			key := [2]string{s.Starts, s.Function}
			found[key] = append(found[key], s)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, rule := range Std() {
		key := [2]string{rule.Starts, rule.Function}
		if slices.Contains(rule.Counts, len(found[key])) {
			delete(found, key)
		}
	}
	for _, starts := range found {
		unknown = append(unknown, starts...)
	}
	slices.SortFunc(unknown, func(a, b Start) int {
		return cmp.Or(cmp.Compare(a.Position.Filename, b.Position.Filename), cmp.Compare(a.Position.Offset, b.Position.Offset))
	})
	return unknown, nil
}
