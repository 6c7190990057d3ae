package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/semver"
)

// release commits and tags a version of all published modules. It makes two commits: in the first
// the modules require one another by version, as users get them; in the second they replace one
// another by folders again.
func (r *repository) release(version string, out io.Writer) error {
	if err := r.mayRelease(version); err != nil {
		return err
	}
	if err := r.writeChangelog(version); err != nil {
		return err
	}
	sums := map[string][]byte{} // by published module, before the release
	for _, m := range r.modules[1:] {
		if err := r.require(m, version); err != nil {
			return err
		}
		if m.published {
			sum, err := os.ReadFile(r.name(m, "go.sum"))
			if err != nil {
				return err
			}
			sums[m.folder] = sum
		}
	}
	if _, err := git(r.dir, "commit", "-q", "-a", "-m", "Release "+version); err != nil {
		return err
	}
	if err := r.writeSums(version); err != nil {
		return err
	}
	for _, m := range r.published() {
		if _, err := git(r.dir, "tag", "-a", "-m", m.path+" "+version, m.tag(version)); err != nil {
			return err
		}
		fmt.Fprintf(out, "tagged %s\n", m.tag(version))
	}
	for _, m := range r.published()[1:] {
		if err := r.beside(m); err != nil {
			return err
		}
		if err := os.WriteFile(r.name(m, "go.sum"), sums[m.folder], 0o644); err != nil {
			return err
		}
	}
	if _, err := git(r.dir, "commit", "-q", "-a", "-m", "Modules beside one another, after "+version); err != nil {
		return err
	}
	fmt.Fprintf(out, "nothing is pushed: git push origin HEAD && git push origin --tags\n")
	return nil
}

func (r *repository) mayRelease(version string) error {
	if !semver.IsValid(version) || semver.Canonical(version) != version {
		return fmt.Errorf("%q is no version such as v0.2.0", version)
	}
	if major := semver.Major(version); major != "v0" && major != "v1" {
		return fmt.Errorf("%s: the module paths would have to end with /%s", version, major)
	}
	if last := r.last(r.modules[0]); semver.Compare(version, last) <= 0 {
		return fmt.Errorf("%s is not above the last one, %s", version, last)
	}
	changes, err := git(r.dir, "status", "--porcelain", "--untracked-files=no")
	if err != nil {
		return err
	}
	if changes != "" {
		return errors.New("there are changes that are not committed:\n" + changes)
	}
	return nil
}

// writeChangelog adds a heading with the version and the date below "Unreleased".
func (r *repository) writeChangelog(version string) error {
	const (
		heading = "## [Unreleased]\n"
		link    = "[Unreleased]: https://" + root + "/"
	)
	name := filepath.Join(r.dir, "CHANGELOG.md")
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	before, rest, ok := strings.Cut(string(text), heading)
	news, links, linked := strings.Cut(rest, link)
	if !ok || !linked {
		return fmt.Errorf("CHANGELOG.md: no %s or no %s", strings.TrimSpace(heading), link)
	}
	section, _, _ := strings.Cut(news, "\n## ")
	if strings.TrimSpace(section) == "" {
		return errors.New("CHANGELOG.md: nothing is unreleased")
	}
	number := strings.TrimPrefix(version, "v")
	_, links, _ = strings.Cut(links, "\n")
	since := "releases/tag/" + version
	if last := r.last(r.modules[0]); last != "" {
		since = "compare/" + last + "..." + version
	}
	now := before + heading + "\n## [" + number + "] - " + time.Now().UTC().Format(time.DateOnly) + "\n" + news +
		link + "compare/" + version + "...HEAD\n[" + number + "]: https://" + root + "/" + since + "\n" + links
	return os.WriteFile(name, []byte(now), 0o644)
}

// require makes m require the version of other modules of this repository. A published module gets
// them from the proxy then.
func (r *repository) require(m *member, version string) error {
	return r.edit(m, func(mod *modfile.File) error {
		for _, path := range m.requires {
			if err := mod.AddRequire(path, version); err != nil {
				return err
			}
		}
		if !m.published {
			return nil
		}
		for _, old := range mod.Replace {
			if ours(old.Old.Path) {
				if err := mod.DropReplace(old.Old.Path, old.Old.Version); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// beside makes m replace other modules of this repository by their folders.
func (r *repository) beside(m *member) error {
	return r.edit(m, func(mod *modfile.File) error {
		for _, required := range mod.Require {
			path := required.Mod.Path
			if !ours(path) {
				continue
			}
			folder, err := filepath.Rel("/"+m.folder, "/"+strings.TrimPrefix(strings.TrimPrefix(path, root), "/"))
			if err != nil {
				return err
			}
			if err := mod.AddReplace(path, "", filepath.ToSlash(folder), ""); err != nil {
				return err
			}
		}
		return nil
	})
}

func (r *repository) edit(m *member, change func(*modfile.File) error) error {
	name := r.name(m, "go.mod")
	mod, err := readMod(name)
	if err != nil {
		return err
	}
	if err := change(mod); err != nil {
		return err
	}
	mod.Cleanup()
	text, err := mod.Format()
	if err != nil {
		return err
	}
	return os.WriteFile(name, text, 0o644)
}

func (r *repository) name(m *member, file string) string {
	return filepath.Join(r.dir, filepath.FromSlash(m.folder), file)
}
