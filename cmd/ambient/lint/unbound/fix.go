package unbound

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"

	"golang.org/x/tools/go/analysis"

	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/edit"
)

// fix returns what a message advises, and the edits that do it.
func fix(pass *analysis.Pass, file *edit.File, call *ast.CallExpr, arg ast.Expr, name string) (string, []analysis.SuggestedFix) {
	advice := "bind it with gls.Bind"
	var edits []analysis.TextEdit
	switch name {
	case "time.AfterFunc":
		advice, edits = "use gls.AfterFunc", afterFunc(pass, file, call)
	case "sync.WaitGroup.Go":
		if e := waitGroup(pass, file, call); e != nil {
			advice, edits = "make it a gls.WaitGroup", e
		}
	}
	if file == nil {
		return advice, nil
	}
	if edits == nil {
		edits = bind(file, arg)
	}
	return advice, []analysis.SuggestedFix{{Message: advice, TextEdits: edits}}
}

func bind(file *edit.File, arg ast.Expr) []analysis.TextEdit {
	gls, edits := file.GLS(arg.Pos())
	return append(edits,
		analysis.TextEdit{Pos: arg.Pos(), End: arg.Pos(), NewText: []byte(gls + "Bind(")},
		analysis.TextEdit{Pos: arg.End(), End: arg.End(), NewText: []byte(")")},
	)
}

// afterFunc replaces time.AfterFunc by gls.AfterFunc.
func afterFunc(pass *analysis.Pass, file *edit.File, call *ast.CallExpr) []analysis.TextEdit {
	sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
	if file == nil || !ok {
		return nil
	}
	gls, edits := file.GLS(call.Pos())
	edits = append(edits, analysis.TextEdit{Pos: sel.Pos(), End: sel.End(), NewText: []byte(gls + "AfterFunc")})
	return append(edits, unused(pass, file, []ast.Expr{sel})...)
}

// waitGroup changes the type of the wait group, if it is a local variable of which nothing but its methods is used.
func waitGroup(pass *analysis.Pass, file *edit.File, call *ast.CallExpr) []analysis.TextEdit {
	sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
	if file == nil || !ok {
		return nil
	}
	id, ok := ast.Unparen(sel.X).(*ast.Ident)
	if !ok {
		return nil
	}
	v, ok := pass.TypesInfo.Uses[id].(*types.Var)
	if !ok || v.Parent() == pass.Pkg.Scope() {
		return nil
	}
	typ := declaredType(pass, file, v)
	if typ == nil || !onlyMethods(pass, file, v) {
		return nil
	}
	gls, edits := file.GLS(typ.Pos())
	edits = append(edits, analysis.TextEdit{Pos: typ.Pos(), End: typ.End(), NewText: []byte(gls + "WaitGroup")})
	return append(edits, unused(pass, file, []ast.Expr{typ})...)
}

// declaredType returns the type in "var wg sync.WaitGroup", where it declares that one variable.
func declaredType(pass *analysis.Pass, file *edit.File, v *types.Var) *ast.SelectorExpr {
	var found *ast.SelectorExpr
	ast.Inspect(file.AST(), func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if ok && len(spec.Names) == 1 && len(spec.Values) == 0 && pass.TypesInfo.Defs[spec.Names[0]] == v {
			found, _ = spec.Type.(*ast.SelectorExpr)
		}
		return found == nil
	})
	if found != nil && pass.TypesInfo.Selections[found] != nil {
		return nil
	}
	return found
}

// onlyMethods reports whether every use of the variable calls a method that both wait groups have.
func onlyMethods(pass *analysis.Pass, file *edit.File, v *types.Var) bool {
	called := map[*ast.Ident]bool{}
	only := true
	ast.Inspect(file.AST(), func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			if id, ok := ast.Unparen(n.X).(*ast.Ident); ok {
				switch n.Sel.Name {
				case "Add", "Done", "Wait", "Go":
					called[id] = true // it is visited after this
				}
			}
		case *ast.Ident:
			if pass.TypesInfo.Uses[n] == v && !called[n] {
				only = false
			}
		}
		return only
	})
	return only
}

// unused returns the edit that removes the import of which gone are the last uses. Where other fixes of the same file
// take the rest of them, who applies the fixes removes it.
func unused(pass *analysis.Pass, file *edit.File, gone []ast.Expr) []analysis.TextEdit {
	within := func(id *ast.Ident) bool {
		for _, e := range gone {
			if e.Pos() <= id.Pos() && id.End() <= e.End() {
				return true
			}
		}
		return false
	}
	var pkg *types.PkgName
	for _, e := range gone {
		if sel, ok := e.(*ast.SelectorExpr); ok {
			if id, ok := sel.X.(*ast.Ident); ok {
				pkg, _ = pass.TypesInfo.Uses[id].(*types.PkgName)
			}
		}
	}
	if pkg == nil {
		return nil
	}
	for id, obj := range pass.TypesInfo.Uses {
		if obj == pkg && !within(id) {
			return nil
		}
	}
	for _, d := range file.AST().Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.IMPORT {
			break
		}
		for _, s := range g.Specs {
			spec := s.(*ast.ImportSpec)
			if pass.TypesInfo.PkgNameOf(spec) == pkg {
				return removal(file, g, spec)
			}
		}
	}
	return nil
}

// removal takes an import out, with the line break before it, for an import may be added behind it.
func removal(file *edit.File, decl *ast.GenDecl, spec *ast.ImportSpec) []analysis.TextEdit {
	if !decl.Lparen.IsValid() {
		return []analysis.TextEdit{{Pos: decl.Pos(), End: decl.End()}}
	}
	from := spec.Pos()
	if spec.Comment == nil && spec.Doc == nil {
		before := file.Text(decl.Lparen+1, from)
		from -= token.Pos(len(before) - len(strings.TrimRight(before, " \t\r\n")))
	}
	return []analysis.TextEdit{{Pos: from, End: spec.End()}}
}
