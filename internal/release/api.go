package main

import (
	"errors"
	"fmt"
	"go/types"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/exp/apidiff"
	"golang.org/x/tools/go/packages"
)

// api compares each published module with its last tag: the packages that users see, and the
// internal packages of the library that other modules import, because a program may combine an
// older adapter with a newer library. An incompatible change needs a new major version, or a new
// minor one while the major is 0: CHANGELOG.md must say "### Changed" or "### Removed".
func (r *repository) api(out io.Writer) error {
	incompatible := 0
	for _, m := range r.published() {
		last := r.last(m)
		if last == "" {
			fmt.Fprintf(out, "api: %s: no tag to compare with\n", m)
			continue
		}
		then, err := r.exported(m, m.tag(last))
		if err != nil {
			return err
		}
		now, err := r.exported(m, "")
		if err != nil {
			return err
		}
		found := 0
		for path, old := range then {
			changes := apidiff.Report{Changes: []apidiff.Change{{Message: "the package is gone"}}}
			if current := now[path]; current != nil {
				changes = apidiff.Changes(old, current)
			}
			for _, c := range changes.Changes {
				kind := "added"
				if !c.Compatible {
					kind = "INCOMPATIBLE"
					incompatible++
				}
				found++
				fmt.Fprintf(out, "api: %s: %s: %s\n", path, kind, c.Message)
			}
		}
		fmt.Fprintf(out, "api: %s: %d changes since %s\n", m, found, m.tag(last))
	}
	if incompatible == 0 {
		return nil
	}
	text, err := os.ReadFile(filepath.Join(r.dir, "CHANGELOG.md"))
	if err != nil {
		return err
	}
	_, section, _ := strings.Cut(string(text), "\n## [Unreleased]\n")
	section, _, _ = strings.Cut(section, "\n## ")
	if strings.Contains(section, "### Changed") || strings.Contains(section, "### Removed") {
		return nil
	}
	return errors.New("what is incompatible is not in CHANGELOG.md, below Changed or Removed of what is unreleased")
}

// exported returns the packages of a module at a commit, or in the work tree.
func (r *repository) exported(m *member, commit string) (map[string]*types.Package, error) {
	dir := r.dir
	if commit != "" {
		dir = filepath.Join(r.dir, "build", "api", strings.ReplaceAll(commit, "/", "-"))
		if err := errors.Join(os.RemoveAll(dir), os.MkdirAll(dir, 0o750)); err != nil {
			return nil, err
		}
		defer os.RemoveAll(filepath.Dir(dir))
		if err := r.export(commit, dir, r.modules[0]); err != nil {
			return nil, err
		}
		then := &repository{dir: dir}
		for _, other := range r.published() { // for tags that are not on a proxy yet
			if err := then.beside(other); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return nil, err
			}
		}
	}
	pkgs, err := packages.Load(&packages.Config{
		Mode: packages.NeedName | packages.NeedTypes | packages.NeedImports | packages.NeedDeps | packages.NeedSyntax,
		Dir:  filepath.Join(dir, filepath.FromSlash(m.folder)),
		Env:  append(os.Environ(), "GOWORK=off"),
	}, "./...")
	if err != nil {
		return nil, err
	}
	shared, err := r.shared(m)
	if err != nil {
		return nil, err
	}
	all := map[string]*types.Package{}
	for _, p := range pkgs {
		if len(p.Errors) > 0 {
			return nil, fmt.Errorf("%s at %q: %w", p.PkgPath, commit, p.Errors[0])
		}
		internal := slices.Contains(strings.Split(p.PkgPath, "/"), "internal")
		if p.Name != "main" && (!internal || slices.Contains(shared, p.PkgPath)) {
			all[p.PkgPath] = p.Types
		}
	}
	return all, nil
}

// shared returns m's internal packages that other published modules import outside of tests.
func (r *repository) shared(m *member) ([]string, error) {
	if m.folder != "" {
		return nil, nil
	}
	var all []string
	for _, other := range r.published()[1:] {
		text, err := command(filepath.Join(r.dir, filepath.FromSlash(other.folder)), append(os.Environ(), "GOWORK=off"),
			"go", "list", "-f", `{{join .Imports "\n"}}`, "./...")
		if err != nil {
			return nil, err
		}
		for path := range strings.FieldsSeq(text) {
			if strings.HasPrefix(path, root+"/internal/") && !slices.Contains(all, path) {
				all = append(all, path)
			}
		}
	}
	return all, nil
}
