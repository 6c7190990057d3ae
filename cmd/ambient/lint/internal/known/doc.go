package known

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
)

// URL is where the documentation of an analyzer stands.
func URL(name string) string {
	return "https://pkg.go.dev/" + Module + "/cmd/ambient/lint/" + name
}

// Doc returns the part of a doc.go's package comment that is under the heading "Analyzer name". It is what the
// analyzer's help shows: the documentation is written once.
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

// comment is the text of a comment; unlike ast.CommentGroup.Text it keeps the WRONG and RIGHT of an indented snippet as
// they are.
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
