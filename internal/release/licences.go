package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/google/licensecheck"
)

// free has the licences that modules may have of which published modules are built.
var free = []string{"Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "MPL-2.0"}

var fileName = regexp.MustCompile(`^(?i:licen[cs]e|copying)`)

// licences prints the licence of each module that a published module is built from, tests left out.
// It fails if one is missing, unknown or not free.
func (r *repository) licences(out io.Writer) error {
	seen := map[string]bool{}
	for _, m := range r.published() {
		text, err := command(filepath.Join(r.dir, filepath.FromSlash(m.folder)), append(os.Environ(), "GOWORK=off"), "go", "list",
			"-deps", "-f", "{{with .Module}}{{.Path}} {{.Version}}\t{{.Dir}}{{end}}", "./...")
		if err != nil {
			return err
		}
		var lines []string
		for line := range strings.Lines(text) {
			name, dir, ok := strings.Cut(strings.TrimSpace(line), "\t")
			path, _, _ := strings.Cut(name, " ")
			if !ok || ours(path) || seen[name] {
				continue
			}
			seen[name] = true
			licence, err := licenceOf(dir)
			if err != nil {
				return fmt.Errorf("%s, which %s is built from: %w", name, m, err)
			}
			lines = append(lines, fmt.Sprintf("%-12s %s (%s)\n", licence, name, m))
		}
		slices.Sort(lines)
		fmt.Fprint(out, strings.Join(lines, ""))
	}
	return nil
}

// licenceOf reads the licence files in a module's root.
func licenceOf(dir string) (string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", err
	}
	var ids []string
	for _, e := range entries {
		if e.IsDir() || !fileName.MatchString(e.Name()) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return "", err
		}
		found := licensecheck.Scan(text).Match
		if len(found) == 0 {
			return "", fmt.Errorf("%s is of no licence that is known", filepath.Join(dir, e.Name()))
		}
		for _, match := range found {
			if !match.IsURL && !slices.Contains(ids, match.ID) {
				ids = append(ids, match.ID)
			}
		}
	}
	if len(ids) == 0 {
		return "", fmt.Errorf("no licence in %s", dir)
	}
	for _, id := range ids {
		if !slices.Contains(free, id) {
			return "", fmt.Errorf("licence %s is not one of %s", id, strings.Join(free, ", "))
		}
	}
	return strings.Join(ids, " and "), nil
}
