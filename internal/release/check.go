package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/modfile"
)

// check releases the last commit in a clone, serves the tagged modules as a module proxy does, and
// uses them as a user does who has nothing but a Go release.
func (r *repository) check(version string, out io.Writer) error {
	work := filepath.Join(r.dir, "build", "release")
	if err := os.RemoveAll(work); err != nil { // always the same folder, for the sake of the build cache
		return err
	}
	// Without the library's go.mod above it.
	if err := errors.Join(os.MkdirAll(work, 0o750),
		os.WriteFile(filepath.Join(work, "go.mod"), []byte("module release\n"), 0o600)); err != nil {
		return err
	}
	if changes, _ := git(r.dir, "status", "--porcelain"); changes != "" {
		fmt.Fprintln(out, "release-check: it is about the last commit; these are not in it:\n"+changes)
	}
	clone, err := r.clone(filepath.Join(work, "clone"))
	if err != nil {
		return err
	}
	start := time.Now()
	step := func(what string) {
		fmt.Fprintf(out, "release-check (%s): %s\n", time.Since(start).Round(time.Second), what)
	}
	step("releasing " + version + " in a clone")
	if err := clone.release(version, io.Discard); err != nil {
		return err
	}
	o, err := newOutsider(work, version, step)
	if err != nil {
		return err
	}
	for _, m := range clone.published() {
		if err := clone.publishable(m, version); err != nil {
			return err
		}
		if _, err := clone.pack(m, version, m.tag(version), o.proxy); err != nil {
			return err
		}
	}
	for _, m := range clone.published() {
		if err := clone.loads(m, version, o); err != nil {
			return err
		}
	}
	for _, use := range []func() error{
		func() error { return o.firstProgram(filepath.Join(r.dir, "README.md")) },
		o.install, o.runWithoutInstalling, o.toolDirective, o.vet, o.build, o.golangci,
	} {
		if err := use(); err != nil {
			return err
		}
	}
	var failed error
	for _, m := range clone.published() {
		if m.folder == "" || m.folder == "cmd/ambient" {
			continue
		}
		failed = errors.Join(failed, o.example(m, filepath.Join(clone.dir, filepath.FromSlash(m.folder))))
	}
	if failed == nil {
		step("passed")
	}
	return failed
}

// clone makes a clone with its own committer.
func (r *repository) clone(to string) (*repository, error) {
	if _, err := git(r.dir, "clone", "-q", r.dir, to); err != nil {
		return nil, err
	}
	for _, setting := range [][]string{
		{"user.name", "release"}, {"user.email", "release@localhost"}, {"commit.gpgsign", "false"}, {"tag.gpgsign", "false"},
	} {
		if _, err := git(to, append([]string{"config"}, setting...)...); err != nil {
			return nil, err
		}
	}
	return open(to)
}

// publishable checks a tagged go.mod as the proxy serves it.
func (r *repository) publishable(m *member, version string) error {
	text, err := git(r.dir, "show", m.tag(version)+":"+m.mod())
	if err != nil {
		return err
	}
	mod, err := modfile.Parse(m.mod(), []byte(text), nil)
	if err != nil {
		return err
	}
	for _, replace := range mod.Replace {
		return fmt.Errorf("%s at %s: replace %s: go install refuses it, and others do not see it: drop it", m.mod(),
			m.tag(version), replace.Old.Path)
	}
	for _, require := range mod.Require {
		published := slices.ContainsFunc(r.published(), func(other *member) bool { return other.path == require.Mod.Path })
		if ours(require.Mod.Path) && (!published || require.Mod.Version != version) {
			return fmt.Errorf("%s at %s requires %s, which is not published", m.mod(), m.tag(version), require.Mod)
		}
	}
	return nil
}

// loads loads all packages and tests of a tagged module, so that a requirement or a sum that is
// missing shows.
func (r *repository) loads(m *member, version string, o *outsider) error {
	o.step("go.mod and go.sum of " + m.String())
	source := filepath.Join(o.dir, "source", filepath.FromSlash(m.folder), "@"+version)
	if err := os.MkdirAll(source, 0o750); err != nil {
		return err
	}
	if err := r.export(m.tag(version), source, m); err != nil {
		return err
	}
	_, err := o.run(filepath.Join(source, filepath.FromSlash(m.folder)), "go", "list", "-mod=readonly", "-deps", "-test", "./...")
	return err
}

// getting returns the first command in a text that gets the library.
func getting(name string) (string, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return "", err
	}
	command := regexp.MustCompile(`go get ` + regexp.QuoteMeta(root) + `[\w/]*`).FindString(string(text))
	if command == "" {
		return "", fmt.Errorf("%s: no go get of the library", name)
	}
	return command, nil
}

// firstBlock returns the first block of Go in a text, as a program if it has no package clause.
func firstBlock(name string) (string, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return "", err
	}
	_, rest, ok := strings.Cut(string(text), "\n```go\n")
	code, _, closed := strings.Cut(rest, "\n```\n")
	if !ok || !closed {
		return "", fmt.Errorf("%s: no block of Go", name)
	}
	if !strings.Contains("\n"+code, "\npackage ") {
		code = "package main\n\nimport (\n\t\"fmt\"\n\n\t\"" + root + "/gls\"\n)\n\n" + code
	}
	return code + "\n", nil
}
