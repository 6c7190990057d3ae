package known

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
)

// URL returns the address of an analyzer's documentation.
func URL(name string) string {
	return "https://pkg.go.dev/" + Module + "/cmd/ambient/lint/" + name
}

// Doc returns the text below the heading "Analyzer name" in the package comment of a doc.go. The
// analyzer's help shows it, so that the documentation is written once.
func Doc(source, name string) string {
	file, err := parser.ParseFile(token.NewFileSet(), "doc.go", source, parser.ParseComments|parser.PackageClauseOnly)
	if err != nil {
		panic("known.Doc: " + err.Error())
	}
	_, text, ok := strings.Cut(comment(file.Doc), "# Analyzer "+name+"\n\n")
	if !ok {
		panic("known.Doc: no heading for analyzer " + name)
	}
	return strings.TrimSpace(text)
}

// comment returns the text of a comment. Unlike ast.CommentGroup.Text it keeps the lines // WRONG
// and // RIGHT.
func comment(group *ast.CommentGroup) string {
	if group == nil {
		return ""
	}
	var text strings.Builder
	for _, c := range group.List {
		line := strings.TrimPrefix(c.Text, "//")
		text.WriteString(strings.TrimPrefix(line, " ") + "\n")
	}
	return text.String()
}
