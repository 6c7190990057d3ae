// Package rewrite applies edits to Go files, in memory.
package rewrite

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
)

// An Edit replaces the bytes from Start to End.
type Edit struct {
	Start, End int
	New        string
}

// A Tree is a set of files with edits.
type Tree struct {
	files map[string]*file
}

type file struct {
	before, now []byte
	pending     []Edit
}

// Open returns the text of a file as it is now.
func (t *Tree) open(name string) (*file, error) {
	if f := t.files[name]; f != nil {
		return f, nil
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	if t.files == nil {
		t.files = map[string]*file{}
	}
	t.files[name] = &file{before: text, now: text}
	return t.files[name], nil
}

// Add adds the edits of one fix, or none of them if one contradicts an edit that was added before.
func (t *Tree) Add(edits map[string][]Edit) (bool, error) {
	for name, all := range edits {
		f, err := t.open(name)
		if err != nil {
			return false, err
		}
		for _, e := range all {
			if e.Start < 0 || e.End < e.Start || e.End > len(f.now) {
				return false, fmt.Errorf("%s: an edit outside of the file", name)
			}
			for _, p := range f.pending {
				if p.contradicts(e) {
					return false, nil
				}
			}
		}
	}
	for name, all := range edits {
		f := t.files[name]
		for _, e := range all {
			if !slices.Contains(f.pending, e) {
				f.pending = append(f.pending, e)
			}
		}
	}
	return true, nil
}

// contradicts reports whether two edits cannot both be made. The same replacement twice is one, and
// so is the same import.
func (e Edit) contradicts(f Edit) bool {
	if e == f && (e.Start < e.End || strings.HasSuffix(strings.TrimSpace(e.New), `"`)) {
		return false
	}
	if e.Start == e.End && f.Start == f.End {
		return e.Start == f.Start
	}
	return e.Start < f.End && f.Start < e.End
}

// Apply makes the edits that were added, removes imports that they leave unused, and formats the
// files.
func (t *Tree) Apply() error {
	for name, f := range t.files {
		if len(f.pending) == 0 {
			continue
		}
		slices.SortStableFunc(f.pending, func(a, b Edit) int { return cmp.Or(a.Start-b.Start, a.End-b.End) })
		var text []byte
		at := 0
		for _, e := range f.pending {
			text = append(append(text, f.now[at:e.Start]...), e.New...)
			at = e.End
		}
		text = append(text, f.now[at:]...)
		formatted, err := tidy(f.now, text)
		if err != nil {
			return fmt.Errorf("%s: a fix makes it unreadable: %w", name, err)
		}
		f.now, f.pending = formatted, nil
	}
	return nil
}

// Changed returns the names of the files that differ from before, sorted.
func (t *Tree) Changed() []string {
	var names []string
	for name, f := range t.files {
		if string(f.before) != string(f.now) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Text returns a file before and now.
func (t *Tree) Text(name string) (before, now []byte) {
	f := t.files[name]
	return f.before, f.now
}

// tidy removes the imports that before uses and after does not, and formats after.
func tidy(before, after []byte) ([]byte, error) {
	old, _, err := imports(before)
	if err != nil {
		return nil, err
	}
	left, specs, err := imports(after)
	if err != nil {
		return nil, err
	}
	for _, s := range slices.Backward(specs) {
		if old[s.path] > 0 && left[s.path] == 0 {
			after = slices.Concat(after[:s.start], after[s.end:])
		}
	}
	return format.Source(after)
}

type importSpec struct {
	path       string
	start, end int
}

// imports counts the uses of each import by its name, as far as syntax tells: if no local variable
// has that name.
func imports(text []byte) (uses map[string]int, specs []importSpec, err error) {
	fset := token.NewFileSet()
	syntax, err := parser.ParseFile(fset, "", text, parser.ParseComments)
	if err != nil {
		return nil, nil, err
	}
	uses, names := map[string]int{}, map[string]string{}
	for _, d := range syntax.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.IMPORT {
			continue
		}
		for _, s := range g.Specs {
			spec := s.(*ast.ImportSpec)
			p, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return nil, nil, err
			}
			name := path.Base(p)
			if spec.Name != nil {
				name = spec.Name.Name
			}
			names[name] = p
			node := ast.Node(spec)
			if !g.Lparen.IsValid() {
				node = g
			}
			start, end := fset.Position(node.Pos()).Offset, fset.Position(node.End()).Offset
			if end < len(text) && text[end] == '\n' { // the whole line
				for start > 0 && (text[start-1] == '\t' || text[start-1] == ' ') {
					start--
				}
				end++
			}
			specs = append(specs, importSpec{p, start, end})
		}
	}
	ast.Inspect(syntax, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok {
			if id, ok := sel.X.(*ast.Ident); ok && id.Obj == nil { //nolint:staticcheck // syntax is all there is
				uses[names[id.Name]]++
			}
		}
		return true
	})
	return uses, specs, nil
}
