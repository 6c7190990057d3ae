package pools_test

import (
	"archive/zip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/gls"
)

// starterProgram prints the name of a function that a library returns, and the value in a goroutine
// that this function starts. The name tells that the library's function was inlined into main.
const starterProgram = `package main

import (
	"fmt"
	"reflect"
	"runtime"

	"example.com/pool"
	"github.com/ambient-go/ambient/gls"
)

func main() {
	user, seen := gls.New[string]("user"), make(chan string)
	start := pool.Starter()
	user.Run("Ada", func() {
		start(func() { v, _ := user.Get(); seen <- v })
		fmt.Printf("%s sees %q\n", runtime.FuncForPC(reflect.ValueOf(start).Pointer()).Name(), <-seen)
	})
}
`

// A closure of a library's function that is inlined into the program has the name of the program's
// package. Its goroutines start with nothing all the same.
func TestInlinedLibraryStartsWithNothing(t *testing.T) {
	if gls.Propagation() == gls.Inherited {
		t.Skip("the programs are built where the tests are not")
	}
	p := newProgram(t)
	for _, flag := range []string{"", "-trimpath"} {
		t.Run("module cache "+flag, func(t *testing.T) {
			assert.Equal(t, `main.main.Starter.func2 sees ""`, p.run(t, p.cached(t), flag))
		})
		t.Run("vendored "+flag, func(t *testing.T) {
			assert.Equal(t, `main.main.Starter.func2 sees ""`, p.run(t, p.vendored(t), flag))
		})
		t.Run("workspace "+flag, func(t *testing.T) {
			want := `main.main.Starter.func2 sees "Ada"` // the closure is the program's own
			if flag == "" {
				// The program has no other function of the package, so nothing tells which package
				// the folder belongs to.
				want = `main.main.Starter.func2 sees ""`
			}
			assert.Equal(t, want, p.run(t, p.workspace(t), flag))
		})
		t.Run("folder "+flag, func(t *testing.T) {
			assert.Equal(t, `main.main.Starter.func2 sees ""`, p.run(t, p.folder(t), flag))
		})
	}
}

// A program builds starterProgram in several ways.
type program struct {
	tool string // the path of ambient
	root string // the path of this repository
	goid string // the version of goid that the root module requires
	pool string // the library's folder
	env  []string
}

func newProgram(t *testing.T) *program {
	root, err := filepath.Abs("../../..")
	require.NoError(t, err)
	pool := filepath.Join(t.TempDir(), "pool")
	require.NoError(t, os.MkdirAll(pool, 0o755))
	text, err := os.ReadFile("../testdata/pool/pool.go")
	require.NoError(t, err)
	_, starter, found := strings.Cut(string(text), "// Starter returns")
	require.True(t, found)
	write(t, pool, "pool.go", "// Package pool is a part of the one in testdata.\npackage pool\n\n// Starter returns"+starter)
	write(t, pool, "go.mod", "module example.com/pool\n\ngo 1.25\n")

	p := &program{tool: os.Getenv("AMBIENT_TOOL"), root: root, pool: pool}
	if p.tool == "" {
		p.tool = filepath.Join(t.TempDir(), "ambient")
		p.command(t, filepath.Join(root, "cmd", "ambient"), "go", "build", "-o", p.tool, ".")
	}
	p.goid = p.command(t, root, "go", "list", "-m", "-f", "{{.Version}}", "github.com/petermattis/goid")
	return p
}

func (p *program) command(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off", "GONOSUMDB=*", "GOPRIVATE=", "GONOPROXY=none")
	cmd.Env = append(cmd.Env, p.env...)
	text, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s %s: %s", name, args, text)
	return strings.TrimSpace(string(text))
}

func (p *program) run(t *testing.T, dir, flag string) string {
	args := []string{"build", "-o", "program"}
	if flag != "" {
		args = append(args, flag)
	}
	p.command(t, dir, p.tool, append(args, ".")...)
	return p.command(t, dir, filepath.Join(dir, "program"))
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
}

// folder makes the program's module, in which the library is replaced by a folder.
func (p *program) folder(t *testing.T) string {
	p.env = nil
	dir := t.TempDir()
	write(t, dir, "main.go", starterProgram)
	write(t, dir, "go.mod", "module program\n\ngo 1.25\n\nrequire (\n\texample.com/pool v1.0.0\n\tgithub.com/ambient-go/ambient v0.0.0\n"+
		"\tgithub.com/petermattis/goid "+p.goid+" // indirect\n)\n\nreplace example.com/pool => "+p.pool+
		"\n\nreplace github.com/ambient-go/ambient => "+p.root+"\n")
	sums, err := os.ReadFile(filepath.Join(p.root, "go.sum"))
	require.NoError(t, err)
	write(t, dir, "go.sum", string(sums))
	return dir
}

func (p *program) vendored(t *testing.T) string {
	dir := p.folder(t)
	p.command(t, dir, "go", "mod", "vendor")
	return dir
}

func (p *program) workspace(t *testing.T) string {
	dir := p.folder(t)
	p.command(t, dir, "go", "mod", "edit", "-dropreplace=example.com/pool", "-droprequire=example.com/pool")
	write(t, dir, "go.work", "go 1.25\n\nuse .\nuse "+p.pool+"\n")
	p.env = []string{"GOWORK=" + filepath.Join(dir, "go.work")}
	return dir
}

// cached makes the program's module, a module cache of its own and a proxy that has the library.
func (p *program) cached(t *testing.T) string {
	dir := p.folder(t)
	p.command(t, dir, "go", "mod", "edit", "-dropreplace=example.com/pool")
	proxy, cache := t.TempDir(), t.TempDir()
	const at = "example.com/pool/@v/v1.0.0"
	write(t, proxy, "example.com/pool/@v/list", "v1.0.0\n")
	write(t, proxy, at+".info", `{"Version": "v1.0.0"}`)
	mod, err := os.ReadFile(filepath.Join(p.pool, "go.mod"))
	require.NoError(t, err)
	write(t, proxy, at+".mod", string(mod))
	file, err := os.Create(filepath.Join(proxy, at+".zip"))
	require.NoError(t, err)
	packed := zip.NewWriter(file)
	for _, name := range []string{"go.mod", "pool.go"} {
		text, err := os.ReadFile(filepath.Join(p.pool, name))
		require.NoError(t, err)
		entry, err := packed.Create("example.com/pool@v1.0.0/" + name)
		require.NoError(t, err)
		_, err = entry.Write(text)
		require.NoError(t, err)
	}
	require.NoError(t, packed.Close())
	require.NoError(t, file.Close())
	others := p.command(t, dir, "go", "env", "GOMODCACHE")
	p.env = []string{
		"GOMODCACHE=" + cache, "GOFLAGS=-mod=mod -modcacherw", "GOTOOLCHAIN=local",
		"GOPROXY=file://" + proxy + ",file://" + filepath.Join(others, "cache", "download"),
	}
	p.command(t, dir, "go", "mod", "download", "example.com/pool")
	return dir
}
