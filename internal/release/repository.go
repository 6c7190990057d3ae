package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/semver"
)

// root is the path of the library's module.
const root = "github.com/ambient-go/ambient"

// unpublished has the folders of modules that are for this repository alone. All other modules are
// published.
var unpublished = []string{
	"benchmarks", "cmd/ambient/internal", "cmd/blog", "cmd/fleet", "gls/glssql/dbtest", "gls/recipes", "httpctx/recipes",
	"internal",
}

// A repository is a clone.
type repository struct {
	dir     string
	modules []*member // each module after those that it requires, the library first
}

// A member is a module of the repository.
type member struct {
	folder    string // "" for the library
	path      string
	requires  []string // paths of the members that it requires
	published bool
}

func open(dir string) (*repository, error) {
	files, err := git(dir, "ls-files", "go.mod", "*/go.mod")
	if err != nil {
		return nil, err
	}
	var all []*member
	for name := range strings.FieldsSeq(files) {
		if strings.Contains(name, "testdata/") {
			continue
		}
		mod, err := readMod(filepath.Join(dir, name))
		if err != nil {
			return nil, err
		}
		m := &member{folder: strings.TrimSuffix(strings.TrimSuffix(name, "go.mod"), "/"), path: mod.Module.Mod.Path}
		if want := path.Join(root, m.folder); m.path != want {
			return nil, fmt.Errorf("%s: module %s, want %s", name, m.path, want)
		}
		m.published = !slices.ContainsFunc(unpublished, func(folder string) bool {
			return m.folder == folder || strings.HasPrefix(m.folder, folder+"/")
		})
		for _, r := range mod.Require {
			if ours(r.Mod.Path) {
				m.requires = append(m.requires, r.Mod.Path)
			}
		}
		if all = append(all, m); m.folder == "" {
			all = slices.Insert(all[:len(all)-1], 0, m)
		}
	}
	r := &repository{dir: dir}
	for len(all) > 0 {
		ready := slices.IndexFunc(all, func(m *member) bool {
			return !slices.ContainsFunc(all, func(other *member) bool { return slices.Contains(m.requires, other.path) })
		})
		if ready < 0 {
			return nil, errors.New("modules require one another in a circle: " + all[0].path)
		}
		r.modules = append(r.modules, all[ready])
		all = slices.Delete(all, ready, ready+1)
	}
	return r, nil
}

func (r *repository) published() []*member {
	return slices.DeleteFunc(slices.Clone(r.modules), func(m *member) bool { return !m.published })
}

// tag returns the name of the tag of m's version.
func (m *member) tag(version string) string { return path.Join(m.folder, version) }

func (m *member) String() string {
	if m.folder == "" {
		return "the library"
	}
	return m.folder
}

// mod returns the path of m's go.mod in the repository.
func (m *member) mod() string { return path.Join(m.folder, "go.mod") }

// last returns m's newest version with a tag that HEAD descends from, "" if there is none.
func (r *repository) last(m *member) string {
	tags, err := git(r.dir, "tag", "--merged", "HEAD", "--list", m.tag("v*"))
	if err != nil {
		return ""
	}
	newest := ""
	for tag := range strings.FieldsSeq(tags) {
		if version := path.Base(tag); m.tag(version) == tag && semver.Compare(version, newest) > 0 {
			newest = version
		}
	}
	return newest
}

// next returns the version that release check uses by default.
func (r *repository) next() string {
	last := r.last(r.modules[0])
	if last == "" {
		return "v0.1.0"
	}
	var major, minor, patch int
	if _, err := fmt.Sscanf(semver.Canonical(last), "v%d.%d.%d", &major, &minor, &patch); err != nil {
		panic(err) // last has validated it
	}
	return fmt.Sprintf("v%d.%d.%d", major, minor, patch+1)
}

// ours reports whether a module belongs to this repository.
func ours(path string) bool { return path == root || strings.HasPrefix(path, root+"/") }

func readMod(name string) (*modfile.File, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	return modfile.Parse(name, text, nil)
}

// git runs git in dir and returns its output.
func git(dir string, args ...string) (string, error) {
	return command(dir, nil, "git", args...)
}

// command runs a program and returns its output. An error contains the output.
func command(dir string, env []string, name string, args ...string) (string, error) {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	if env != nil {
		cmd.Env = env
	}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return stdout.String(), fmt.Errorf("%s %s, in %s: %w\n%s%s", name, strings.Join(args, " "), dir, err, &stdout, &stderr)
	}
	return strings.TrimSpace(stdout.String()), nil
}
