package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"
)

const tool = root + "/cmd/ambient"

// An outsider uses a version with a module cache of its own, which is empty at first.
type outsider struct {
	version string
	dir     string
	proxy   string
	bin     string
	env     []string
	step    func(what string)
}

func newOutsider(work, version string, step func(string)) (*outsider, error) {
	o := &outsider{
		version: version, step: step, dir: filepath.Join(work, "outsider"), proxy: filepath.Join(work, "proxy"),
		bin: filepath.Join(work, "bin"),
	}
	values, err := command(work, nil, "go", "env", "GOMODCACHE", "GOPROXY")
	if err != nil {
		return nil, err
	}
	cache, proxies, _ := strings.Cut(values, "\n")
	o.env = append(os.Environ(),
		"GOPATH="+filepath.Join(work, "gopath"), "GOMODCACHE="+filepath.Join(work, "modcache"), "GOBIN="+o.bin,
		// The machine's own module cache serves as a proxy for modules that it has.
		"GOPROXY="+url(o.proxy)+","+url(filepath.Join(cache, "cache", "download"))+","+proxies,
		"GONOPROXY=", "GOPRIVATE=", "GOSUMDB=off", // no checksum database knows the version before it is published
		"GOWORK=off", "GOFLAGS=-modcacherw", "GOENV=off",
		// The go command remembers which files and imports a module has by the path of its folder
		// (cmd/go/internal/modindex, moduleHash). The same folder held other commits as this version.
		"GODEBUG=goindex=0",
	)
	return o, os.MkdirAll(o.dir, 0o750)
}

func url(folder string) string {
	return "file://" + strings.TrimSuffix("/"+strings.TrimPrefix(filepath.ToSlash(folder), "/"), "/")
}

func (o *outsider) run(dir, name string, args ...string) (string, error) {
	return command(dir, o.env, name, args...)
}

// program makes a module with one file.
func (o *outsider) program(name, file, source string) (string, error) {
	dir := filepath.Join(o.dir, name)
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(dir, file), []byte(source), 0o600); err != nil {
		return "", err
	}
	_, err := o.run(dir, "go", "mod", "init", "example.com/"+name)
	return dir, err
}

// all runs commands one after the other, each written as a line.
func (o *outsider) all(dir string, lines ...string) error {
	for _, line := range lines {
		words := strings.Fields(line)
		if _, err := o.run(dir, words[0], words[1:]...); err != nil {
			return err
		}
	}
	return nil
}

// wants runs a command and checks that its output contains a text.
func (o *outsider) wants(text, dir, name string, args ...string) error {
	got, err := o.run(dir, name, args...)
	if err == nil && !strings.Contains(got, text) {
		err = fmt.Errorf("%s %s: no %q in what it prints:\n%s", name, strings.Join(args, " "), text, got)
	}
	return err
}

func (o *outsider) firstProgram(readme string) error {
	get, err := getting(readme)
	if err != nil {
		return err
	}
	o.step(get + "@" + o.version + ", and README's first program")
	source, err := firstBlock(readme)
	if err != nil {
		return err
	}
	dir, err := o.program("first", "main.go", source)
	if err != nil {
		return err
	}
	if err := o.all(dir, get+"@"+o.version, "go build -o program .", "go vet .", "go mod verify"); err != nil {
		return err
	}
	return o.wants("Ada", dir, filepath.Join(dir, "program"))
}

func (o *outsider) install() error {
	o.step("go install " + tool + "@" + o.version)
	if err := o.all(o.dir, "go install "+tool+"@"+o.version, "go install "+tool+"/ambient-vet@"+o.version); err != nil {
		return err
	}
	return o.wants(o.version, o.dir, filepath.Join(o.bin, "ambient"), "version")
}

func (o *outsider) runWithoutInstalling() error {
	o.step("go run " + tool + "@" + o.version)
	return o.wants(o.version, o.dir, "go", "run", tool+"@"+o.version, "version")
}

// toolDirective adds the command to a module's go.mod as a tool.
func (o *outsider) toolDirective() error {
	o.step("go get -tool, go mod tidy, go mod verify")
	dir, err := o.program("tool", "main.go", losing)
	if err != nil {
		return err
	}
	if err := o.all(dir, "go get "+root+"/gls@"+o.version, "go get -tool "+tool+"@"+o.version,
		"go mod tidy", "go mod verify"); err != nil {
		return err
	}
	return o.wants(o.version, dir, "go", "tool", "ambient", "version")
}

// losing is a program that loses a value at its go statement.
const losing = `package main

import (
	"fmt"

	"` + root + `/gls"
)

var user = gls.New[string]("user")

func main() {
	user.Run("Ada", func() {
		done := make(chan bool)
		go func() {
			fmt.Println(user.Get())
			close(done)
		}()
		<-done
	})
}
`

const losingTest = `package main

import (
	"testing"

	"` + root + `/gls"
)

func TestMode(t *testing.T) {
	if gls.Propagation() != gls.Inherited {
		t.Fatal(gls.Propagation())
	}
}
`

func (o *outsider) vet() error {
	o.step("ambient vet, vet -fix, go vet -vettool")
	dir, err := o.program("losing", "main.go", losing)
	if err != nil {
		return err
	}
	if err := o.all(dir, "go get "+root+"/gls@"+o.version); err != nil {
		return err
	}
	ambient, vettool := filepath.Join(o.bin, "ambient"), "-vettool="+filepath.Join(o.bin, "ambient-vet")
	for _, finds := range [][]string{{ambient, "vet", "./..."}, {"go", "vet", vettool, "./..."}} {
		if text, err := o.run(dir, finds[0], finds[1:]...); err == nil || !strings.Contains(text+err.Error(), "main.go:14") {
			return fmt.Errorf("%s: the go statement in line 14 is not found: %w\n%s", strings.Join(finds, " "), err, text)
		}
	}
	if err := o.all(dir, ambient+" vet -fix ./...", ambient+" vet ./...", "go vet "+vettool+" ./..."); err != nil {
		return err
	}
	return o.wants("Ada true", dir, "go", "run", ".")
}

func (o *outsider) build() error {
	o.step("ambient build and test (the first time, they compile the standard library again: some minutes)")
	dir, err := o.program("inheriting", "main.go", losing)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "main_test.go"), []byte(losingTest), 0o600); err != nil {
		return err
	}
	ambient := filepath.Join(o.bin, "ambient")
	if err := o.all(dir, "go get "+root+"/gls@"+o.version, ambient+" build -o program .", ambient+" test ./..."); err != nil {
		return err
	}
	return o.wants("Ada true", dir, filepath.Join(dir, "program"))
}

// pluginProgram asks golangci-lint's registry for the linter, as golangci-lint does.
const pluginProgram = `package main

import (
	"fmt"

	_ "` + tool + `/lint/plugin"
	"github.com/golangci/plugin-module-register/register"
)

func main() {
	newPlugin, err := register.GetPlugin("ambient")
	if err != nil {
		panic(err)
	}
	plugin, err := newPlugin(nil)
	if err != nil {
		panic(err)
	}
	analyzers, err := plugin.BuildAnalyzers()
	fmt.Println(len(analyzers) > 0, err)
}
`

// golangci builds a golangci-lint with the plugin, if it can get the program and the repository
// that it clones.
func (o *outsider) golangci() error {
	program := os.Getenv("GOLANGCI_LINT")
	if _, err := exec.LookPath(program); err != nil {
		return o.plugin("GOLANGCI_LINT names no program")
	}
	version, err := o.run(o.dir, program, "version", "--short")
	if err != nil {
		return err
	}
	if _, err := git(o.dir, "ls-remote", "-q", "https://github.com/golangci/golangci-lint.git", "HEAD"); err != nil {
		return o.plugin("its repository cannot be reached")
	}
	o.step("golangci-lint custom (it compiles golangci-lint: some minutes)")
	dir := filepath.Join(o.dir, "golangci")
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return err
	}
	config := fmt.Sprintf("version: v%s\nplugins:\n  - module: %s\n    import: %s/lint/plugin\n    version: %s\n",
		strings.TrimPrefix(version, "v"), tool, tool, o.version)
	if err := os.WriteFile(filepath.Join(dir, ".custom-gcl.yml"), []byte(config), 0o600); err != nil {
		return err
	}
	if _, err := o.run(dir, program, "custom"); err != nil {
		return err
	}
	return o.wants("ambient", dir, filepath.Join(dir, "custom-gcl"), "version")
}

func (o *outsider) plugin(why string) error {
	o.step("golangci-lint's plugin by a program of our own: " + why)
	dir, err := o.program("plugin", "main.go", pluginProgram)
	if err != nil {
		return err
	}
	if err := o.all(dir, "go get "+tool+"/lint/plugin@"+o.version); err != nil {
		return err
	}
	return o.wants("true <nil>", dir, "go", "run", ".")
}

// example compiles an adapter's example in a module that requires the adapter alone.
func (o *outsider) example(m *member, source string) error {
	o.step("the example of " + m.folder)
	text, err := os.ReadFile(filepath.Join(source, "example_test.go"))
	if err != nil {
		return fmt.Errorf("%s has no example: %w", m.folder, err)
	}
	dir, err := o.program(strings.ReplaceAll(m.folder, "/", "-"), "example_test.go", string(text))
	if err != nil {
		return err
	}
	if err := o.all(dir, "go get "+m.path+"@"+o.version); err != nil {
		return err
	}
	return o.typeCheck(dir)
}

// typeCheck type-checks the packages in dir, their tests and all that they import. Compiling what
// frameworks import takes ten times as long.
func (o *outsider) typeCheck(dir string) error {
	pkgs, err := packages.Load(&packages.Config{
		Mode:       packages.LoadAllSyntax,
		Dir:        dir,
		Env:        append(slices.Clone(o.env), "CGO_ENABLED=0"),
		BuildFlags: []string{"-mod=mod"},
		Tests:      true,
	}, ".")
	if err != nil {
		return err
	}
	packages.Visit(pkgs, nil, func(p *packages.Package) {
		for _, e := range p.Errors {
			err = errors.Join(err, e)
		}
	})
	return err
}
