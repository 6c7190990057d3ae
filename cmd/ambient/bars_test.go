package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/cmd/ambient/internal/libtest"
)

// statements has go statements of all forms; %d is the statement's number. Their operands print to
// the log when they are evaluated, and their functions add to the results and count the values that
// they see.
var statements = []string{
	`go done(arg(%[1]d, "a"))`,
	`go two(arg(%[1]d, "a"), arg(%[1]d, "b"))`,
	`go two(pair(%[1]d))`,
	`go rest(arg(%[1]d, "a"), arg(%[1]d, "b"), arg(%[1]d, "c"))`,
	`go rest(arg(%[1]d, "a"), list(%[1]d)...)`,
	`go rest(arg(%[1]d, "a"))`,
	`go result(arg(%[1]d, "a"))`,
	`go generic(arg(%[1]d, "a"))`,
	`go generic[any](arg(%[1]d, "a"))`,
	`go receiver(%[1]d).pointer(arg(%[1]d, "a"))`,
	`go receiver(%[1]d).value(arg(%[1]d, "a"), arg(%[1]d, "b"))`,
	`go (*object).pointer(receiver(%[1]d), arg(%[1]d, "a"))`,
	`go function(%[1]d)(arg(%[1]d, "a"))`,
	`go done(fmt.Sprint(%[1]d, "constant"))`,
	`go two("constant", "%[1]d")`,
	`go func() { done("literal %[1]d") }()`,
	`go func() error { done("literal %[1]d"); return nil }()`,
	`go func(a, b string) { two(a, b) }(arg(%[1]d, "a"), arg(%[1]d, "b"))`,
	`go func(a any, b ...string) { two(fmt.Sprint(a), fmt.Sprint(b)) }(arg(%[1]d, "a"), arg(%[1]d, "b"))`,
	`go func(a string, _ string) { done(a) }(arg(%[1]d, "a"), arg(%[1]d, "b"))`,
	`go func(unused string) { done("%[1]d") }(arg(%[1]d, "a"))`,
	`go func(wide int64, e error, ok myBool) { done(fmt.Sprint(%[1]d, wide, e, ok)) }(1<<shift, nil, shift > 2)`,
	`go called(func() { done("called %[1]d") }, arg(%[1]d, "a"))`,
	`for i := range 1 { go func(i int) { done(fmt.Sprint(%[1]d, i)) }(i) }`,
	`for i := 0; i < 1; i++ { go done(fmt.Sprint(%[1]d, arg(i, "loop"))) }`,
	`if shift > 2 { go done(arg(%[1]d, "if")) }`,
	`switch shift { case 3: go done(arg(%[1]d, "case")) }`,
	"{ x := arg(%[1]d, \"before\"); go done(x); x = \"after\"; _ = x }",
	"{ o := object{%[1]d}; go o.value(\"copied\", \"\"); o.n = -1 }",
	"{ f := function(%[1]d); go f(arg(%[1]d, \"a\")); f = nil; _ = f }",
	"go /* kept %[1]d */ done(arg(%[1]d, \"a\")) // kept too",
}

const program = `package main

import (
	"fmt"
	"slices"
	"sync"

	lib "github.com/ambient-go/ambient/gls"
)

var (
	value   = lib.New[int]("value")
	mu      sync.Mutex
	wg      sync.WaitGroup
	results []string
	seen    int
	shift   = 3
)

type myBool bool

type object struct{ n int }

func (o *object) pointer(a string)  { done(fmt.Sprint("pointer ", o.n, a)) }
func (o object) value(a, b string)  { done(fmt.Sprint("value ", o.n, a, b)) }

func arg(n int, name string) string { fmt.Println("arg", n, name); return fmt.Sprint(n, name) }
func pair(n int) (string, string)   { fmt.Println("pair", n); return fmt.Sprint(n), "pair" }
func list(n int) []string           { fmt.Println("list", n); return []string{fmt.Sprint(n), "list"} }
func receiver(n int) *object        { fmt.Println("receiver", n); return &object{n} }
func function(n int) func(string)   { fmt.Println("function", n); return func(a string) { done(a) } }

func done(a string) {
	defer wg.Done()
	mu.Lock()
	defer mu.Unlock()
	results = append(results, a)
	if _, ok := value.Get(); ok {
		seen++
	}
}

func two(a, b string)             { done(a + "," + b) }
func rest(a string, b ...string)  { done(fmt.Sprint(a, b, b == nil)) }
func result(a string) error       { done(a); return nil }
func generic[T any](v T)          { done(fmt.Sprintf("%T %v", v, v)) }
func called(f func(), a string)   { _ = a; f() }

func main() {
	wg.Add(1000)
	value.Run(1, all)
	wg.Wait()
	slices.Sort(results)
	for _, r := range results {
		fmt.Println(r)
	}
	println(seen)
}
`

// goStatements writes n go statements, 100 in each function.
func goStatements(n int) string {
	var text, calls strings.Builder
	for i := range n {
		if i%100 == 0 {
			if i > 0 {
				text.WriteString("}\n")
			}
			fmt.Fprintf(&text, "\nfunc part%d() {\n", i/100)
			fmt.Fprintf(&calls, "\tpart%d()\n", i/100)
		}
		fmt.Fprintf(&text, "\t"+statements[i%len(statements)]+"\n", i)
	}
	return "package main\n\nimport \"fmt\"\n" + text.String() + "}\n\nfunc all() {\n" + calls.String() + "}\n"
}

func TestFixOfAThousandGoStatements(t *testing.T) {
	root := libtest.Root(t)
	dir := t.TempDir()
	t.Chdir(dir)
	t.Setenv("GOWORK", "off")
	t.Setenv("GOFLAGS", "")
	require.NoError(t, writeModule(dir, root))
	require.NoError(t, os.WriteFile("main.go", []byte(program), 0o666))
	generated := goStatements(1000)
	require.NoError(t, os.WriteFile("generated.go", []byte(generated), 0o666))

	before, seen := runProgram(t)
	assert.Equal(t, "0\n", seen, "a plain go statement carries nothing")

	var stdout, stderr strings.Builder
	require.Equal(t, good, run([]string{"vet", "-fix"}, nil, &stdout, &stderr), stdout.String()+stderr.String())
	assert.Empty(t, stdout.String())
	assert.Equal(t, "ambient vet: mended 1000 findings in 1 file\n", stderr.String())

	after, seen := runProgram(t)
	assert.Equal(t, before, after, "what is evaluated, in which order, and what arrives")
	assert.Equal(t, "1000\n", seen, "every goroutine has the value")

	text, err := os.ReadFile("generated.go")
	require.NoError(t, err)
	assert.Equal(t, strings.Count(generated, "/* kept"), strings.Count(string(text), "/* kept"))
	assert.Equal(t, strings.Count(generated, "// kept"), strings.Count(string(text), "// kept"))

	stdout.Reset()
	assert.Equal(t, good, run([]string{"vet"}, nil, &stdout, &stdout))
	assert.Empty(t, stdout.String(), "a second run finds nothing")
}

func runProgram(t *testing.T) (stdout, stderr string) {
	t.Helper()
	require.NoError(t, exec.Command("go", "build", "-o", "program").Run())
	var out, complaints strings.Builder
	cmd := exec.Command("./program")
	cmd.Stdout, cmd.Stderr = &out, &complaints
	require.NoError(t, cmd.Run(), complaints.String())
	return out.String(), complaints.String()
}

func TestNothingIsFoundInNetHTTP(t *testing.T) {
	var out strings.Builder
	assert.Equal(t, good, run([]string{"vet", "net/http/..."}, nil, &out, &out))
	assert.Empty(t, out.String())
}

func TestNothingIsFoundInThisRepository(t *testing.T) {
	t.Setenv("GOWORK", "off")
	t.Chdir(filepath.Join("..", ".."))
	var out strings.Builder
	assert.Equal(t, good, run([]string{"vet", "./..."}, nil, &out, &out))
	assert.Empty(t, out.String())
}
