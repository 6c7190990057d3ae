package overlay

import "go/ast"

// field appends to the declaration of a struct's field.
func field(typ, name, text string) func(source) []change {
	return func(s source) (found []change) {
		ast.Inspect(s.file, func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if !ok || spec.Name.Name != typ {
				return true
			}
			if structure, ok := spec.Type.(*ast.StructType); ok {
				for _, f := range structure.Fields.List {
					if len(f.Names) == 1 && f.Names[0].Name == name {
						end := s.offset(f.Type.End())
						found = append(found, change{end, end, text})
					}
				}
			}
			return false
		})
		return found
	}
}

// after appends to a statement of a function that reads exactly like the given text.
func after(receiver, function, statement, text string) func(source) []change {
	return func(s source) (found []change) {
		s.statement(receiver, function, statement, func(n ast.Stmt) {
			end := s.offset(n.End())
			found = append(found, change{end, end, text})
		})
		return found
	}
}

// replaced replaces a statement of a function that reads exactly like the given text.
func replaced(receiver, function, statement, text string) func(source) []change {
	return func(s source) (found []change) {
		s.statement(receiver, function, statement, func(n ast.Stmt) {
			found = append(found, change{s.offset(n.Pos()), s.offset(n.End()), text})
		})
		return found
	}
}

// argument wraps an argument of a call in a function, the argument right after another one.
func argument(function, callee, before, arg, wrapper string) func(source) []change {
	return func(s source) (found []change) {
		s.inside("", function, func(n ast.Node) {
			call, ok := n.(*ast.CallExpr)
			if !ok || s.of(call.Fun) != callee {
				return
			}
			for i := 1; i < len(call.Args); i++ {
				if s.of(call.Args[i-1]) == before && s.of(call.Args[i]) == arg {
					found = append(found, s.wrapped(call.Args[i], wrapper))
				}
			}
		})
		return found
	}
}

// element wraps the value of a field in a composite literal of a function, where the field and the
// value have the same name.
func element(function, typ, name, wrapper string) func(source) []change {
	return func(s source) (found []change) {
		s.inside("", function, func(n ast.Node) {
			literal, ok := n.(*ast.CompositeLit)
			if !ok || literal.Type == nil || s.of(literal.Type) != typ {
				return
			}
			for _, e := range literal.Elts {
				if pair, ok := e.(*ast.KeyValueExpr); ok && s.of(pair.Key) == name && s.of(pair.Value) == name {
					found = append(found, s.wrapped(pair.Value, wrapper))
				}
			}
		})
		return found
	}
}

// sizeOfG adds an ambientState to the sizes of runtime.g, on 32 and on 64 bits, in the table of
// runtime's TestSizeof.
func sizeOfG(s source) (found []change) {
	s.inside("", "TestSizeof", func(n ast.Node) {
		row, ok := n.(*ast.CompositeLit)
		if ok && len(row.Elts) == 3 && s.of(row.Elts[0]) == "runtime.G{}" {
			small, large := row.Elts[1], row.Elts[2]
			found = append(found, change{s.offset(small.Pos()), s.offset(large.End()),
				s.of(small) + " + 20, " + s.of(large) + " + 40"})
		}
	})
	return found
}

func (s source) wrapped(n ast.Node, wrapper string) change {
	return change{s.offset(n.Pos()), s.offset(n.End()), wrapper + "(" + s.of(n) + ")"}
}

// function calls fn with each declaration of a function, or of a method of a pointer to receiver,
// that has a body.
func (s source) function(receiver, name string, fn func(*ast.FuncDecl)) {
	for _, d := range s.file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || f.Name.Name != name || f.Body == nil || (f.Recv == nil) != (receiver == "") {
			continue
		}
		if receiver == "" || s.of(f.Recv.List[0].Type) == "*"+receiver {
			fn(f)
		}
	}
}

// statement calls fn with each statement of a function's body that reads exactly like the given
// text.
func (s source) statement(receiver, function, text string, fn func(ast.Stmt)) {
	s.inside(receiver, function, func(n ast.Node) {
		switch n := n.(type) {
		case *ast.AssignStmt, *ast.ExprStmt, *ast.GoStmt, *ast.ReturnStmt:
			if s.of(n) == text {
				fn(n.(ast.Stmt))
			}
		}
	})
}

// inside calls fn with each node of a function's body.
func (s source) inside(receiver, function string, fn func(ast.Node)) {
	s.function(receiver, function, func(f *ast.FuncDecl) {
		ast.Inspect(f.Body, func(n ast.Node) bool {
			if n != nil {
				fn(n)
			}
			return true
		})
	})
}
