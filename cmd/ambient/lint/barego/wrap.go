package barego

import (
	"go/ast"
	"go/token"
	"go/types"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/tools/go/analysis"
)

// wrap calls the function in a function literal. Operands that may change are evaluated into
// variables before it, the others stay in the call.
func (s *statement) wrap() ([]analysis.TextEdit, bool) {
	call := s.stmt.Call
	info := s.pass.TypesInfo
	callee := s.file.Text(call.Fun.Pos(), call.Fun.End())
	s.kept = []ast.Node{call.Fun}
	hoisted := false
	if !s.constantFunc(call.Fun) && !s.steadyFunc(call.Fun) {
		name := s.fresh(calleeName(call.Fun))
		s.left, s.right = append(s.left, name), append(s.right, callee)
		callee, hoisted = name, true
	}
	args := make([]string, len(call.Args))
	for i, arg := range call.Args {
		text := s.file.Text(arg.Pos(), arg.End())
		s.kept = append(s.kept, arg)
		args[i] = text
		if tuple, ok := info.TypeOf(arg).(*types.Tuple); ok {
			return s.spread(callee, tuple, text, hoisted)
		}
		if s.constantArg(arg) || s.steady(arg) {
			continue
		}
		if s.natural(arg) == nil {
			t, ok := s.typeText(info.TypeOf(arg))
			if !ok {
				return nil, false
			}
			text = t + "(" + text + ")"
		}
		args[i] = s.fresh(s.paramName(i, arg))
		s.left, s.right = append(s.left, args[i]), append(s.right, text)
		hoisted = true
	}
	if !hoisted {
		s.kept = []ast.Node{call} // the call stays where it is
		return s.replace(
			analysis.TextEdit{Pos: s.stmt.Pos(), End: call.Pos(), NewText: []byte(s.start + "func() { ")},
			analysis.TextEdit{Pos: call.End(), End: call.End(), NewText: []byte(" })")},
		)
	}
	return s.replace(s.goCall(callee, args))
}

func (s *statement) goCall(callee string, args []string) analysis.TextEdit {
	dots := ""
	if s.stmt.Call.Ellipsis.IsValid() {
		dots = "..."
	}
	return analysis.TextEdit{
		Pos: s.stmt.Pos(), End: s.stmt.End(),
		NewText: []byte(s.start + "func() { " + callee + "(" + strings.Join(args, ", ") + dots + ") })"),
	}
}

// spread is wrap for f(g()), where g has several results.
func (s *statement) spread(callee string, tuple *types.Tuple, text string, hoisted bool) ([]analysis.TextEdit, bool) {
	before := ""
	if hoisted {
		before = s.left[0] + " := " + s.right[0] + s.newline()
	}
	args := make([]string, tuple.Len())
	for i := range args {
		args[i] = s.fresh(s.paramName(i, nil))
	}
	s.left, s.right = nil, nil
	edit := s.goCall(callee, args)
	edit.NewText = []byte(before + strings.Join(args, ", ") + " := " + text + s.newline() + string(edit.NewText))
	if s.needsBlock() {
		edit.NewText = []byte("{" + s.newline() + string(edit.NewText) + s.newline() + "}")
	}
	return s.replace(edit)
}

func (s *statement) newline() string { return "\n" + s.file.Indent(s.stmt.Pos()) }

// replace inserts the variables, and the comments that the edits would delete, before the first
// edit.
func (s *statement) replace(edits ...analysis.TextEdit) ([]analysis.TextEdit, bool) {
	before := ""
	for _, c := range s.file.Comments(s.stmt.Pos(), s.stmt.End(), s.kept...) {
		before += c + s.newline()
	}
	if len(s.left) > 0 {
		operator := " := "
		if strings.Trim(strings.Join(s.left, ""), "_") == "" {
			operator = " = "
		}
		if s.needsBlock() {
			before += "{" + s.newline()
			edits[len(edits)-1].NewText = append(edits[len(edits)-1].NewText, s.newline()+"}"...)
		}
		before += strings.Join(s.left, ", ") + operator + strings.Join(s.right, ", ") + s.newline()
	}
	edits[0].NewText = append([]byte(before), edits[0].NewText...)
	return edits, true
}

// needsBlock reports whether the variables need a block of their own: because the statement's scope
// declares the same name, because code behind the statement uses it, or because a goto would jump
// over the declaration.
func (s *statement) needsBlock() bool {
	if _, labelled := s.stack[len(s.stack)-1].(*ast.LabeledStmt); labelled || s.jumps() {
		return true
	}
	block := s.stack[len(s.stack)-1]
	scope := s.pass.TypesInfo.Scopes[s.file.AST()].Innermost(s.stmt.Pos())
	for _, name := range s.left {
		if name == "_" {
			continue
		}
		if scope == nil || scope.Lookup(name) != nil || s.reserved(block, name) || mentioned(block, s.stmt.End(), name) {
			return true
		}
	}
	for _, name := range s.left {
		s.names[blockKey(s, block, name)] = true
	}
	return false
}

// reserved reports whether another fix declares the name in the same block.
func (s *statement) reserved(block ast.Node, name string) bool {
	return s.names[blockKey(s, block, name)]
}

func blockKey(s *statement, block ast.Node, name string) string {
	return name + " at " + strconv.Itoa(int(block.Pos()))
}

// mentioned reports whether an identifier of that name stands in the block after pos.
func mentioned(block ast.Node, pos token.Pos, name string) bool {
	found := false
	ast.Inspect(block, func(n ast.Node) bool {
		id, ok := n.(*ast.Ident)
		found = found || ok && id.Pos() > pos && id.Name == name
		return !found
	})
	return found
}

// identifiers returns the names in a declaration, without those of fields and methods.
func identifiers(decl ast.Decl) map[string]bool {
	names, members := map[string]bool{}, map[*ast.Ident]bool{}
	ast.Inspect(decl, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			members[n.Sel] = true // ast.Inspect visits it after this
		case *ast.Ident:
			if !members[n] {
				names[n.Name] = true
			}
		}
		return true
	})
	return names
}

// fresh returns the name, with a number if the name is taken.
func (s *statement) fresh(name string) string {
	taken := func(name string) bool {
		return s.names[name] || types.Universe.Lookup(name) != nil || token.IsKeyword(name) || name == s.qualifier ||
			s.pass.Pkg.Scope().Lookup(name) != nil || s.pass.TypesInfo.Scopes[s.file.AST()].Lookup(name) != nil
	}
	base := name
	for i := 2; taken(name); i++ {
		name = base + strconv.Itoa(i)
	}
	s.names[name] = true
	return name
}

// signature returns the signature of the called function, nil for a builtin.
func (s *statement) signature() *types.Signature {
	sig, _ := s.pass.TypesInfo.TypeOf(s.stmt.Call.Fun).Underlying().(*types.Signature)
	if s.pass.TypesInfo.Types[s.stmt.Call.Fun].IsBuiltin() {
		return nil
	}
	return sig
}

// constantFunc reports whether the expression always evaluates to the same function: a declared
// function, a method expression, a builtin or a function literal.
func (s *statement) constantFunc(e ast.Expr) bool {
	info := s.pass.TypesInfo
	switch e := ast.Unparen(e).(type) {
	case *ast.FuncLit:
		return true
	case *ast.IndexExpr:
		return info.Types[e.Index].IsType() && s.constantFunc(e.X)
	case *ast.IndexListExpr:
		return s.constantFunc(e.X)
	case *ast.Ident:
		_, isVar := info.ObjectOf(e).(*types.Var)
		return !isVar
	case *ast.SelectorExpr:
		if selection := info.Selections[e]; selection != nil {
			return selection.Kind() == types.MethodExpr
		}
		_, isVar := info.ObjectOf(e.Sel).(*types.Var)
		return !isVar
	}
	return false
}

// constantArg reports whether the new goroutine may evaluate the argument.
func (s *statement) constantArg(e ast.Expr) bool {
	tv := s.pass.TypesInfo.Types[e]
	if tv.Value != nil || tv.IsNil() || tv.IsType() {
		return true
	}
	if _, ok := tv.Type.Underlying().(*types.Signature); ok {
		return s.constantFunc(e)
	}
	return false
}

// typeText returns the type as code in this file writes it. ok is false if the file does not import
// a package that the type needs.
func (s *statement) typeText(t types.Type) (string, bool) {
	ok := true
	text := types.TypeString(t, func(pkg *types.Package) string {
		if pkg == s.pass.Pkg {
			return ""
		}
		for _, spec := range s.file.AST().Imports {
			if name := s.pass.TypesInfo.PkgNameOf(spec); name != nil && name.Imported() == pkg && name.Name() != "_" {
				return strings.TrimPrefix(name.Name(), ".")
			}
		}
		ok = false
		return pkg.Name()
	})
	return text, ok
}

// paramName proposes a name for the variable of argument i.
func (s *statement) paramName(i int, arg ast.Expr) string {
	name := ""
	if sig := s.signature(); sig != nil && sig.Params().Len() > 0 && (!sig.Variadic() || i < sig.Params().Len()-1) {
		name = sig.Params().At(min(i, sig.Params().Len()-1)).Name()
	}
	if name == "" || name == "_" {
		switch a := arg.(type) {
		case *ast.Ident:
			name = a.Name
		case *ast.SelectorExpr:
			name = a.Sel.Name
		default:
			name = "arg"
		}
	}
	return lower(name)
}

func calleeName(fun ast.Expr) string {
	switch f := ast.Unparen(fun).(type) {
	case *ast.Ident:
		return lower(f.Name)
	case *ast.SelectorExpr:
		return lower(f.Sel.Name)
	}
	return "fn"
}

// lower makes a name unexported: Name becomes name, ID becomes id.
func lower(name string) string {
	if strings.ToUpper(name) == name {
		return strings.ToLower(name)
	}
	r, size := utf8.DecodeRuneInString(name)
	return string(unicode.ToLower(r)) + name[size:]
}
