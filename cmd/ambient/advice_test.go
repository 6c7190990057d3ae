package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func (r row) source(name string) string {
	text := "package main\n\n"
	for _, path := range strings.Fields(r.imports) {
		if path == "C" {
			text += adviceC
		} else {
			text += "import " + strconv.Quote(path) + "\n"
		}
	}
	body := r.body
	if !strings.Contains(body, `user.Run(`) {
		body = "user.Run(\"Ada\", func() {\n\t\t" + body + "\n\t})"
	}
	return text + "\n" + r.more + "\nfunc init() {\n\trows[" + strconv.Quote(name) + "] = func() {\n\t" + body + "\n\t}\n}\n"
}

var (
	asIn    = regexp.MustCompile(`as in ([\w.]+)\((.*?gls\.Bind\(\w+\).*?)\)(?:, and|$)`)
	at      = regexp.MustCompile(`\(([^() ]+\.go):(\d+)\)`)
	goThis  = regexp.MustCompile(`\bgo (\w+)\(\)`)
	foreign = regexp.MustCompile(`/pkg/mod/|@v\d|/src/(sync|time|context|net|testing|iter|runtime|database)/`)
)

// follow does what the text of an error says, and nothing that it does not say.
func follow(t *testing.T, text, source string, r row) string {
	t.Helper()
	switch {
	case r.worker && strings.Contains(text, "if it is a worker that serves many, give it each task in gls.Bind"):
		return strings.ReplaceAll(source, "tasks <- ask", "tasks <- gls.Bind(ask)")
	case strings.Contains(text, "start it with gls.Go if it works for that flow alone"):
		place := at.FindStringSubmatch(text)
		require.NotNil(t, place, text)
		lines := strings.Split(source, "\n")
		n, err := strconv.Atoi(place[2])
		require.NoError(t, err)
		require.Regexp(t, goThis, lines[n-1], "the line that the text names")
		lines[n-1] = goThis.ReplaceAllString(lines[n-1], "gls.Go($1)")
		return strings.Join(lines, "\n")
	case strings.Contains(text, "make it a gls.WaitGroup"):
		return strings.ReplaceAll(source, " sync.WaitGroup", " gls.WaitGroup")
	case strings.Contains(text, "use gls.AfterFunc"):
		return strings.ReplaceAll(source, "time.AfterFunc(", "gls.AfterFunc(")
	case strings.Contains(text, "set it inside"):
		return strings.ReplaceAll(source, "{ ask()", `{ user.Run("Ada", ask)`)
	case strings.Contains(text, "bind the functions of the httptrace.ClientTrace with gls.Bind"):
		return strings.ReplaceAll(source, "GotFirstResponseByte: ask", "GotFirstResponseByte: gls.Bind(ask)")
	case strings.Contains(text, "bind the function with gls.Bind where it is registered"):
		return strings.ReplaceAll(source, "register(ask)", "register(gls.Bind(ask))")
	case asIn.MatchString(text):
		template := asIn.FindStringSubmatch(text)
		args := strings.Split(template[2], ", ")
		index := slices.IndexFunc(args, func(arg string) bool { return strings.HasPrefix(arg, "gls.Bind(") })
		return bindArgument(t, source, template[1][strings.LastIndex(template[1], ".")+1:], index)
	case r.without != nil:
		for old, now := range r.without {
			require.Equal(t, 1, strings.Count(source, old), old)
			source = strings.Replace(source, old, now, 1)
		}
		return source
	}
	t.Fatalf("nothing to follow in: %s", text)
	return ""
}

// bindArgument puts gls.Bind around an argument of the calls of a function.
func bindArgument(t *testing.T, source, function string, index int) string {
	t.Helper()
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "", source, 0)
	require.NoError(t, err)
	found := false
	ast.Inspect(file, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || found {
			return !found
		}
		if sel, ok := call.Fun.(*ast.SelectorExpr); ok && sel.Sel.Name == function {
			from, to := fset.Position(call.Args[index].Pos()).Offset, fset.Position(call.Args[index].End()).Offset
			source = source[:from] + "gls.Bind(" + source[from:to] + ")" + source[to:]
			found = true
		}
		return !found
	})
	require.True(t, found, "no call of %s", function)
	return source
}

// withImports adds the import of gls where it is used now, and drops that of what is no longer used.
func withImports(source string) string {
	if strings.Contains(source, "gls.") {
		source = strings.Replace(source, "package main\n", "package main\n\nimport \"github.com/ambient-go/ambient/gls\"\n", 1)
	}
	for _, name := range []string{"sync", "time"} {
		if !regexp.MustCompile(`[ \t(]` + name + `\.`).MatchString(source) {
			source = strings.Replace(source, "import \""+name+"\"\n", "", 1)
		}
	}
	return source
}

// The rows of the README's table that lose the value in a program built by the go command.
func losingRows(t *testing.T, root string) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "README.md"))
	require.NoError(t, err)
	_, table, ok := strings.Cut(string(text), "<!-- what travels by what: written by make travel -->\n")
	require.True(t, ok)
	table, _, _ = strings.Cut(table, "<!-- end of")
	var names []string
	for line := range strings.Lines(table) {
		if cells := strings.Split(line, " | "); len(cells) > 2 && cells[1] == "no" {
			names = append(names, strings.TrimPrefix(cells[0], "| "))
		}
	}
	return names
}

// Whoever follows the text of an error has the value, or a program that works without: for every row of the table.
func TestAdviceOfErrorsIsRight(t *testing.T) {
	root, err := filepath.Abs(filepath.Join("..", ".."))
	require.NoError(t, err)
	names := losingRows(t, root)
	require.GreaterOrEqual(t, len(names), 18)
	cgo, err := exec.Command("go", "env", "CGO_ENABLED").Output()
	require.NoError(t, err)
	dir := t.TempDir()
	t.Chdir(dir)
	t.Setenv("GOWORK", "off")
	t.Setenv("GOFLAGS", "-mod=mod")
	require.NoError(t, writeModule(dir, root))
	requireSync(t, root)
	require.NoError(t, os.WriteFile("main.go", []byte(adviceProgram), 0o666))
	files := map[string]string{}
	for i, name := range names {
		r, ok := adviceRows[name]
		require.True(t, ok, "no program for the row %s", name)
		if r.imports == "C" && strings.TrimSpace(string(cgo)) != "1" {
			continue
		}
		files[name] = "row" + strconv.Itoa(i) + ".go"
		require.NoError(t, os.WriteFile(files[name], []byte(r.source(name)), 0o666))
	}
	assert.Len(t, adviceRows, len(names), "a program for each row, and a row for each program")
	before, after := filepath.Join(dir, "before"), filepath.Join(dir, "after")
	build(t, before)
	for name, file := range files {
		text := strings.TrimSuffix(strings.Split(outcome(t, before, name), "\n")[0], "PASS")
		require.True(t, strings.HasPrefix(text, `lost: gls: storage "user" is not set on goroutine `), "%s: %s", name, text)
		assert.Regexp(t, `\(`+regexp.QuoteMeta(dir)+`/(`+file+`|main\.go):\d+\)`, text, "a line of the program's own")
		assert.NotRegexp(t, foreign, text, "a line that one cannot edit")
		fixed := follow(t, text, adviceRows[name].source(name), adviceRows[name])
		require.NoError(t, os.WriteFile(file, []byte(withImports(fixed)), 0o666))
	}
	build(t, after)
	for name := range files {
		assert.Equal(t, "seen Ada", strings.Split(outcome(t, after, name), "\n")[0], name)
	}
}
