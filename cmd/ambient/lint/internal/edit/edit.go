// Package edit helps analyzers to write suggested fixes: it reads the text of a file and imports
// packages of the library.
package edit

import (
	"bytes"
	"go/ast"
	"go/token"
	"go/types"
	"strconv"
	"strings"

	"golang.org/x/tools/go/analysis"

	"github.com/ambient-go/ambient/cmd/ambient/internal/api"
	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/known"
)

// A File is one file of the analyzed package, with its text.
type File struct {
	pass *analysis.Pass
	ast  *ast.File
	tok  *token.File
	text []byte
}

// Open reads the file that contains pos. It returns nil for a file that cgo or another tool
// generated: an edit there would be lost.
func Open(pass *analysis.Pass, pos token.Pos) *File {
	for _, f := range pass.Files {
		if f.FileStart <= pos && pos < f.FileEnd {
			tok := pass.Fset.File(f.FileStart)
			text, err := pass.ReadFile(tok.Name())
			if err != nil || ast.IsGenerated(f) || len(text) != tok.Size() || pass.Fset.Position(f.Package).Filename != tok.Name() {
				return nil
			}
			return &File{pass, f, tok, text}
		}
	}
	return nil
}

// AST returns the syntax tree of the file.
func (f *File) AST() *ast.File { return f.ast }

// Text returns the source between two positions.
func (f *File) Text(from, to token.Pos) string {
	return string(f.text[f.tok.Offset(from):f.tok.Offset(to)])
}

// Indent returns the white space at the start of the line of pos.
func (f *File) Indent(pos token.Pos) string {
	start := bytes.LastIndexByte(f.text[:f.tok.Offset(pos)], '\n') + 1
	line := f.text[start:]
	return string(line[:len(line)-len(bytes.TrimLeft(line, " \t"))])
}

// Comments returns the comments between from and to that are not inside one of the kept nodes.
func (f *File) Comments(from, to token.Pos, kept ...ast.Node) []string {
	var all []string
	for _, group := range f.ast.Comments {
	comments:
		for _, c := range group.List {
			if c.Pos() < from || c.End() > to {
				continue
			}
			for _, k := range kept {
				if k.Pos() <= c.Pos() && c.End() <= k.End() {
					continue comments
				}
			}
			all = append(all, c.Text)
		}
	}
	return all
}

// GLS is Import for package gls.
func (f *File) GLS(pos token.Pos) (qualifier string, edits []analysis.TextEdit) {
	return f.Import(known.GLS, pos)
}

// Import returns the qualifier of a package of the library at pos, such as "gls.", and the edits
// that import the package. If the file imports it already, the qualifier is that of the import,
// unless another declaration shadows it at pos. If the package's name is taken, the new import is
// named ambientgls.
func (f *File) Import(path string, pos token.Pos) (qualifier string, edits []analysis.TextEdit) {
	for _, spec := range f.ast.Imports {
		if pkg := f.pass.TypesInfo.PkgNameOf(spec); pkg != nil && known.Path(pkg.Imported()) == path {
			switch {
			case pkg.Name() == "_":
			case pkg.Name() == ".":
				if f.seesAll(pos, pkg.Imported()) {
					return "", nil
				}
			case f.sees(pos, pkg.Name(), pkg):
				return pkg.Name() + ".", nil
			}
		}
	}
	plain := path[strings.LastIndex(path, "/")+1:]
	name := plain
	if !f.free(name) {
		name = "ambient" + plain
		for i := 2; !f.free(name); i++ {
			name = "ambient" + plain + strconv.Itoa(i)
		}
	}
	spec := strconv.Quote(path)
	if name != plain {
		spec = name + " " + spec
	}
	return name + ".", []analysis.TextEdit{f.importEdit(spec)}
}

// written holds the identifiers that fixes write: the functions that pass on the caller's frame,
// and the types that have such methods.
var written = func() (names []string) {
	for _, name := range api.Names(func(_ string, f api.Function) bool {
		return !f.Brings && (f.Way == api.Started || f.Way == api.Timed || f.Way == api.Bound)
	}) {
		names = append(names, strings.Split(name, ".")[1])
	}
	return names
}()

// seesAll reports whether the identifiers that fixes write mean, at pos, those of a package that
// the file imports with a dot.
func (f *File) seesAll(pos token.Pos, pkg *types.Package) bool {
	scope := f.pass.TypesInfo.Scopes[f.ast].Innermost(pos)
	for _, name := range written {
		if pkg.Scope().Lookup(name) == nil {
			continue
		}
		if scope == nil {
			return false
		}
		if _, obj := scope.LookupParent(name, pos); obj == nil || obj.Pkg() != pkg {
			return false
		}
	}
	return true
}

// sees reports whether name means the package at pos.
func (f *File) sees(pos token.Pos, name string, pkg *types.PkgName) bool {
	scope := f.pass.TypesInfo.Scopes[f.ast].Innermost(pos)
	if scope == nil {
		return false
	}
	_, obj := scope.LookupParent(name, pos)
	return obj == pkg
}

// free reports whether an import may be called name: no declaration of the package or of any scope
// in the file has that name.
func (f *File) free(name string) bool {
	if f.pass.Pkg.Scope().Lookup(name) != nil || f.pass.TypesInfo.Scopes[f.ast].Lookup(name) != nil {
		return false
	}
	free := true
	ast.Inspect(f.ast, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && id.Name == name {
			if obj := f.pass.TypesInfo.Defs[id]; obj != nil {
				v, isVar := obj.(*types.Var)
				_, isFunc := obj.(*types.Func)
				free = free && (isVar && v.IsField() || isFunc)
			}
		}
		return free
	})
	return free
}

// importEdit adds an import: to the group that imports this library, or else to the one that
// imports other modules, or else as a group of its own.
func (f *File) importEdit(spec string) analysis.TextEdit {
	insert := func(pos token.Pos, text string) analysis.TextEdit {
		return analysis.TextEdit{Pos: pos, End: pos, NewText: []byte(text)}
	}
	var last *ast.GenDecl
	for _, d := range f.ast.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.IMPORT {
			break
		}
		if len(g.Specs) == 1 && g.Specs[0].(*ast.ImportSpec).Path.Value == `"C"` {
			continue
		}
		if last == nil || !last.Lparen.IsValid() {
			last = g
		}
	}
	switch {
	case last == nil:
		return insert(f.ast.Name.End(), "\n\nimport "+spec)
	case !last.Lparen.IsValid():
		return insert(f.lineEnd(last.End()), "\nimport "+spec)
	case len(last.Specs) == 0:
		return insert(last.Lparen+1, "\n\t"+spec+"\n")
	}
	var other, ours ast.Spec
	for _, s := range last.Specs {
		path, _ := strconv.Unquote(s.(*ast.ImportSpec).Path.Value)
		if first, _, _ := strings.Cut(path, "/"); strings.Contains(first, ".") {
			other = s
		}
		if strings.HasPrefix(path, "github.com/ambient-go/ambient/") {
			ours = s
		}
	}
	switch {
	case ours != nil:
		return insert(f.lineEnd(ours.End()), "\n\t"+spec)
	case other != nil:
		return insert(f.lineEnd(other.End()), "\n\t"+spec)
	}
	return insert(f.lineEnd(last.Specs[len(last.Specs)-1].End()), "\n\n\t"+spec)
}

// lineEnd returns pos, or the end of the line if only a comment stands between the two.
func (f *File) lineEnd(pos token.Pos) token.Pos {
	offset := f.tok.Offset(pos)
	line := f.text[offset:]
	if i := bytes.IndexByte(line, '\n'); i >= 0 {
		line = line[:i]
	}
	if rest := bytes.TrimSpace(line); bytes.HasPrefix(rest, []byte("//")) {
		return pos + token.Pos(len(bytes.TrimRight(line, "\r")))
	}
	return pos
}
