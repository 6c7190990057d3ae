package barego

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"

	"golang.org/x/tools/go/analysis"

	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/edit"
	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/reads"
)

// A fixer makes the fixes of one file. The names of its variables are unique in a declaration, so
// that the fixes of neighbouring statements can be applied together.
type fixer struct {
	pass  *analysis.Pass
	reads *reads.Result
	file  *edit.File
	names map[ast.Decl]map[string]bool

	changed map[ast.Decl]map[*types.Var][]change
}

func newFixer(pass *analysis.Pass, r *reads.Result, file *ast.File) *fixer {
	return &fixer{pass, r, edit.Open(pass, file.FileStart), map[ast.Decl]map[string]bool{}, map[ast.Decl]map[*types.Var][]change{}}
}

// A statement is a go statement that a fix turns into a call of gls.Go or httpctx.GoDetached.
type statement struct {
	*fixer
	decl  ast.Decl
	stmt  *ast.GoStmt
	stack []ast.Node
	names map[string]bool // identifiers in use in the declaration

	start     string // "gls.Go("
	qualifier string // "gls"

	left, right []string   // names and values of the variables before the call
	kept        []ast.Node // nodes whose text, with its comments, the fix keeps
}

// fix returns the edits that start the goroutine with gls.Go or httpctx.GoDetached.
func (f *fixer) fix(decl ast.Decl, stmt *ast.GoStmt, stack []ast.Node, path, function string) []analysis.SuggestedFix {
	if f.file == nil {
		return nil
	}
	if f.names[decl] == nil {
		f.names[decl] = identifiers(decl)
	}
	qualifier, edits := f.file.Import(path, stmt.Pos())
	s := &statement{
		fixer: f, decl: decl, stmt: stmt, stack: stack, names: f.names[decl],
		start: qualifier + function + "(", qualifier: strings.TrimSuffix(qualifier, "."),
	}
	body, ok := s.rewrite()
	if !ok {
		return nil
	}
	message := "start it with " + path[strings.LastIndex(path, "/")+1:] + "." + function
	return []analysis.SuggestedFix{{Message: message, TextEdits: append(edits, body...)}}
}

// rewrite chooses the shortest form in which the operands are evaluated now and the function runs
// on the new goroutine.
func (s *statement) rewrite() ([]analysis.TextEdit, bool) {
	call := s.stmt.Call
	if lit, ok := ast.Unparen(call.Fun).(*ast.FuncLit); ok {
		if edits, ok := s.literal(lit); ok {
			return edits, true
		}
	} else if sig := s.signature(); sig != nil && len(call.Args) == 0 && sig.Params().Len() == 0 && sig.Results().Len() == 0 {
		// go f() becomes gls.Go(f), which evaluates f, with a method's receiver, at once.
		s.kept = []ast.Node{call.Fun}
		return s.replace(
			analysis.TextEdit{Pos: s.stmt.Pos(), End: call.Fun.Pos(), NewText: []byte(s.start)},
			analysis.TextEdit{Pos: call.Fun.End(), End: call.End(), NewText: []byte(")")},
		)
	}
	return s.wrap()
}

// literal turns the parameters of a function literal into variables before the call and keeps its
// body.
func (s *statement) literal(lit *ast.FuncLit) ([]analysis.TextEdit, bool) {
	call := s.stmt.Call
	params := lit.Type.Params
	if lit.Type.Results.NumFields() > 0 || call.Ellipsis.IsValid() {
		return nil, false
	}
	var fields []*ast.Field
	var names []*ast.Ident
	for _, field := range params.List {
		if _, ok := field.Type.(*ast.Ellipsis); ok || len(field.Names) == 0 && len(call.Args) > 0 {
			return nil, false
		}
		for _, name := range field.Names {
			fields, names = append(fields, field), append(names, name)
		}
	}
	if len(names) != len(call.Args) {
		return nil, false // f(g()), where g has several results
	}
	for i, arg := range call.Args {
		name := names[i].Name
		if name == "_" || !s.used(names[i], lit.Body) {
			name = "_"
		}
		if s.steady(arg) && (name == "_" && s.usedElsewhere(arg) || name != "_" && s.serves(names[i], arg, lit.Body)) {
			continue
		}
		text, ok := s.converted(arg, s.pass.TypesInfo.TypeOf(fields[i].Type), s.file.Text(fields[i].Type.Pos(), fields[i].Type.End()))
		if !ok {
			return nil, false
		}
		s.left, s.right = append(s.left, name), append(s.right, text)
		s.kept = append(s.kept, arg)
	}
	s.kept = append(s.kept, lit.Body)
	return s.replace(
		analysis.TextEdit{Pos: s.stmt.Pos(), End: lit.Body.Pos(), NewText: []byte(s.start + "func() ")},
		analysis.TextEdit{Pos: lit.End(), End: call.End(), NewText: []byte(")")},
	)
}

// usedElsewhere reports whether the compiler counts the variable in an argument as used without the
// argument.
func (s *statement) usedElsewhere(arg ast.Expr) bool {
	found := false
	ast.Inspect(arg, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			v := s.pass.TypesInfo.Uses[id]
			ast.Inspect(s.decl, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.FuncType: // a parameter needs no use
					found = found || v != nil && n.Params.Pos() <= v.Pos() && v.Pos() < n.Params.End()
				case *ast.Ident:
					found = found || n != id && s.pass.TypesInfo.Uses[n] == v
				}
				return !found
			})
		}
		return !found
	})
	return found
}

// serves reports whether the body may use the argument in the parameter's place: the argument is a
// variable with the parameter's name, or the address of one of which the body uses methods and
// fields alone.
func (s *statement) serves(param *ast.Ident, arg ast.Expr, body *ast.BlockStmt) bool {
	info := s.pass.TypesInfo
	e, address := ast.Unparen(arg), false
	if u, ok := e.(*ast.UnaryExpr); ok {
		e, address = ast.Unparen(u.X), true
	}
	id, ok := e.(*ast.Ident)
	obj := info.Defs[param]
	if !ok || id.Name != param.Name || !types.Identical(info.TypeOf(arg), obj.Type()) {
		return false
	}
	v, ok := obj.(*types.Var)
	if !ok || len(s.changes()[v]) > 0 {
		return false
	}
	selected := map[*ast.Ident]bool{}
	only := true
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			if id, ok := n.X.(*ast.Ident); ok {
				selected[id] = true // ast.Inspect visits id after this
			}
		case *ast.Ident:
			only = only && (info.Uses[n] != obj || selected[n])
		}
		return only
	})
	return only || !address
}

// used reports whether the compiler counts the parameter as used once it is a local variable. An
// assignment is no use.
func (s *statement) used(param *ast.Ident, body *ast.BlockStmt) bool {
	obj := s.pass.TypesInfo.Defs[param]
	assigned := map[*ast.Ident]bool{}
	used := false
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			for _, lhs := range n.Lhs {
				if id, ok := ast.Unparen(lhs).(*ast.Ident); ok && n.Tok == token.ASSIGN {
					assigned[id] = true
				}
			}
		case *ast.Ident:
			used = used || s.pass.TypesInfo.Uses[n] == obj && !assigned[n]
		}
		return true
	})
	return used
}

// converted returns the argument's text, converted so that := declares a variable of type t.
func (s *statement) converted(arg ast.Expr, t types.Type, typeText string) (string, bool) {
	text := s.file.Text(arg.Pos(), arg.End())
	if types.Identical(s.natural(arg), t) {
		return text, true
	}
	if strings.ContainsAny(typeText, "\n") {
		return "", false
	}
	if strings.HasPrefix(typeText, "*") || strings.HasPrefix(typeText, "<") || strings.HasPrefix(typeText, "chan") ||
		strings.HasPrefix(typeText, "func") {
		typeText = "(" + typeText + ")"
	}
	return typeText + "(" + text + ")", true
}

// natural returns the type that := gives the expression, nil where the expression took its type
// from its context.
func (s *statement) natural(e ast.Expr) types.Type {
	tv := s.pass.TypesInfo.Types[e]
	switch x := ast.Unparen(e).(type) {
	case *ast.BasicLit:
		return types.Default(untyped[x.Kind])
	case *ast.Ident, *ast.SelectorExpr, *ast.CallExpr:
		if tv.IsNil() {
			return nil
		}
		if tv.Value != nil {
			return s.constant(x)
		}
	case *ast.BinaryExpr, *ast.UnaryExpr:
		if tv.Value != nil || s.contextual(x) {
			return nil
		}
	}
	return tv.Type
}

var untyped = map[token.Token]types.Type{
	token.INT:    types.Typ[types.UntypedInt],
	token.FLOAT:  types.Typ[types.UntypedFloat],
	token.IMAG:   types.Typ[types.UntypedComplex],
	token.CHAR:   types.Typ[types.UntypedRune],
	token.STRING: types.Typ[types.UntypedString],
}

// constant returns the type that := gives a named constant.
func (s *statement) constant(e ast.Expr) types.Type {
	var obj types.Object
	switch e := e.(type) {
	case *ast.Ident:
		obj = s.pass.TypesInfo.ObjectOf(e)
	case *ast.SelectorExpr:
		obj = s.pass.TypesInfo.ObjectOf(e.Sel)
	}
	if obj == nil {
		return nil
	}
	return types.Default(obj.Type())
}

// contextual reports whether an operation that is no constant may take its type from its context,
// as comparisons and shifts do.
func (s *statement) contextual(e ast.Expr) bool {
	switch e := ast.Unparen(e).(type) {
	case *ast.UnaryExpr:
		return e.Op != token.ARROW && e.Op != token.AND && s.contextual(e.X)
	case *ast.BinaryExpr:
		switch e.Op {
		case token.EQL, token.NEQ, token.LSS, token.LEQ, token.GTR, token.GEQ, token.SHL, token.SHR:
			return true
		}
		return s.contextual(e.X) && s.contextual(e.Y)
	case *ast.BasicLit:
		return true
	case *ast.Ident, *ast.SelectorExpr:
		return s.pass.TypesInfo.Types[e].Value != nil
	}
	return false
}
