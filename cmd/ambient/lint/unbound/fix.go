package unbound

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"

	"golang.org/x/tools/go/analysis"

	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/edit"
	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/known"
	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/loops"
	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/reads"
	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/waits"
)

// An adviser chooses what replaces a call that runs a function on another goroutine.
type adviser struct {
	pass  *analysis.Pass
	waits *waits.Result
	loops *loops.Result
}

// advise returns the end of a message, and the edits that carry it out. There are no edits if no
// single change is right for every meaning of the code.
func (a *adviser) advise(file *edit.File, call *ast.CallExpr, arg ast.Expr, fact *reads.Fact, name string, own bool,
) (string, []analysis.TextEdit) {
	if loop := a.loops.Func(arg); loop != nil {
		return "it serves many, for it takes tasks from " + loop.Over + ": send gls.Capture() with each task and do the task " +
			"in the snapshot's Run", nil
	}
	if !waits.Late(fact) || a.waits.Call(call, arg) {
		return a.carry(file, call, arg, name)
	}
	const nobody = "nothing waits for it, and "
	_, request := fact.HTTP()
	switch {
	case own: // it may wait itself
		return "bind it with gls.Bind if it ends with its caller, start it with httpctx.GoDetached if it outlives a request", nil
	case !request && !(known.Concerns(a.pass.Pkg, known.HTTPCtx) && a.waits.BelowHandler(call)):
		return nobody + "the ambient context may be cancelled when it runs: bind it with gls.Bind if it ends with its caller, " +
			"start it with httpctx.GoDetached if it outlives a request", nil
	case a.waits.Answers(arg):
		return nobody + "the request may be over when it answers or sets a key: wait for it and bind it with gls.Bind", nil
	case name == "time.AfterFunc":
		return nobody + "the request may be over when it runs: use httpctx.AfterFuncDetached",
			a.replace(file, call, known.HTTPCtx, "AfterFuncDetached")
	}
	return nobody + "the request may be over when it runs: start it with httpctx.GoDetached, or read what it needs before", nil
}

// carry advises for a function that may run with its caller's frame.
func (a *adviser) carry(file *edit.File, call *ast.CallExpr, arg ast.Expr, name string) (advice string, edits []analysis.TextEdit) {
	advice = "bind it with gls.Bind"
	switch name {
	case "time.AfterFunc":
		advice, edits = "use gls.AfterFunc", a.replace(file, call, known.GLS, "AfterFunc")
	case "sync.WaitGroup.Go":
		if e := waitGroup(a.pass, file, call); e != nil {
			advice, edits = "make it a gls.WaitGroup", e
		}
	}
	if edits == nil && file != nil {
		edits = bind(file, arg)
	}
	return advice, edits
}

func bind(file *edit.File, arg ast.Expr) []analysis.TextEdit {
	gls, edits := file.GLS(arg.Pos())
	return append(edits,
		analysis.TextEdit{Pos: arg.Pos(), End: arg.Pos(), NewText: []byte(gls + "Bind(")},
		analysis.TextEdit{Pos: arg.End(), End: arg.End(), NewText: []byte(")")},
	)
}

// replace replaces the called function by one of the library.
func (a *adviser) replace(file *edit.File, call *ast.CallExpr, path, function string) []analysis.TextEdit {
	sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
	if file == nil || !ok {
		return nil
	}
	qualifier, edits := file.Import(path, call.Pos())
	edits = append(edits, analysis.TextEdit{Pos: sel.Pos(), End: sel.End(), NewText: []byte(qualifier + function)})
	return append(edits, unused(a.pass, file, []ast.Expr{sel})...)
}

// waitGroup makes a sync.WaitGroup a gls.WaitGroup, if it is a local variable of which only methods
// are used.
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

// declaredType returns the type in a declaration "var wg sync.WaitGroup" of that single variable.
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

// onlyMethods reports whether every use of the variable calls a method that both types have.
func onlyMethods(pass *analysis.Pass, file *edit.File, v *types.Var) bool {
	called := map[*ast.Ident]bool{}
	only := true
	ast.Inspect(file.AST(), func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			if id, ok := ast.Unparen(n.X).(*ast.Ident); ok {
				switch n.Sel.Name {
				case "Add", "Done", "Wait", "Go":
					called[id] = true // ast.Inspect visits id after this
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

// unused returns the edit that removes an import if gone holds its last uses. If other fixes remove
// further uses, the program that applies the fixes removes the import.
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

// removal returns the edit that removes an import together with the line break before it: another
// edit may add an import after it.
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
