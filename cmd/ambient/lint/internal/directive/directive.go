// Package directive reads the //ambient: comments that silence an analyzer for one statement.
package directive

import (
	"go/ast"
	"go/token"
	"strings"
)

// Detached marks a statement that starts a function without its creator's values on purpose.
const Detached = "//ambient:detached"

// A Set holds the directives of one package.
type Set struct {
	fset     *token.FileSet
	above    map[place]string // by the line after the comment
	trailing map[place]string // by the line of the code before the comment
	bare     []*ast.Comment
}

type place struct {
	file string
	line int
}

// New collects the directives of the files.
func New(fset *token.FileSet, files []*ast.File) *Set {
	s := &Set{fset: fset, above: map[place]string{}, trailing: map[place]string{}}
	for _, f := range files {
		var code map[place]bool // nil until the file's first directive
		for _, group := range f.Comments {
			for _, c := range group.List {
				reason, ok := parse(c.Text)
				if !ok {
					continue
				}
				if code == nil {
					code = s.code(f)
				}
				if reason == "" {
					s.bare = append(s.bare, c)
				}
				if at := s.place(c.Pos()); code[at] {
					s.trailing[at] = reason
				} else {
					at = s.place(group.End())
					s.above[place{at.file, at.line + 1}] = reason
				}
			}
		}
	}
	return s
}

func parse(text string) (reason string, ok bool) {
	reason, ok = strings.CutPrefix(text, Detached)
	if !ok || reason != "" && reason[0] != ' ' && reason[0] != '\t' {
		return "", false
	}
	// A comment inside the comment is no reason: analyzers' tests write "// want" there.
	reason, _, _ = strings.Cut(reason, "//")
	return strings.TrimSpace(reason), true
}

// code returns the lines on which a node of the syntax tree, comments left out, begins or ends.
func (s *Set) code(f *ast.File) map[place]bool {
	lines := map[place]bool{}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n.(type) {
		case nil, *ast.Comment, *ast.CommentGroup:
			return false
		case *ast.File:
			return true
		}
		lines[s.place(n.Pos())] = true
		lines[s.place(n.End())] = true
		return true
	})
	return lines
}

// WithoutReason returns the directives that give no reason.
func (s *Set) WithoutReason() []*ast.Comment { return s.bare }

// At returns the directive for the statement from pos to end, with its reason. A directive stands
// above the statement, or at the end of its first or last line.
func (s *Set) At(pos, end token.Pos) (reason string, ok bool) {
	first, last := s.place(pos), s.place(end)
	if reason, ok = s.above[first]; ok {
		return reason, true
	}
	if reason, ok = s.trailing[first]; ok {
		return reason, true
	}
	reason, ok = s.trailing[last]
	return reason, ok
}

func (s *Set) place(pos token.Pos) place {
	p := s.fset.PositionFor(pos, false)
	return place{p.Filename, p.Line}
}
