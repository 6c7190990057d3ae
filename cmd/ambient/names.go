package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ambient-go/ambient/cmd/ambient/internal/overlay"
)

// known returns an error if a name given to -inherit or -detach is no package and no function that
// the go command finds in dir: a rule that holds for nothing changes nothing in silence. It does
// not look up functions of package main and of external tests, which have no import path, and knows
// nothing where there is no module.
func known(tools overlay.Toolchain, dir string, rules []overlay.Rule) error {
	patterns := make(map[string][]string) // by the name as the user wrote it
	var all []string
	for _, r := range rules {
		path, _, _ := strings.Cut(r.Named, "(")
		first, _, _ := strings.Cut(path[strings.LastIndex(path, "/")+1:], ".")
		if path == "main" || strings.HasPrefix(path, "main.") || strings.HasSuffix(first, "_test") {
			continue
		}
		if patterns[r.Named] == nil {
			patterns[r.Named] = packagesIn(path)
			all = append(all, patterns[r.Named]...)
		}
	}
	if all == nil {
		return nil
	}
	found, err := listNamed(tools, dir, all)
	if err != nil || found == nil {
		return nil //nolint:nilerr // the go command reports it itself
	}
	for named := range patterns {
		if !slices.ContainsFunc(rules, func(r overlay.Rule) bool { return r.Named == named && namesOne(r, found) }) {
			return fmt.Errorf("there is no package and no function %s: ambient build -what prints the names of those "+
				"that start goroutines", named)
		}
	}
	return nil
}

// packagesIn returns the packages that a name may begin with.
func packagesIn(name string) []string {
	all := []string{name}
	for at := strings.LastIndex(name, "/") + 1; at < len(name) && !strings.HasSuffix(name, "/..."); at++ {
		if name[at] == '.' {
			all = append(all, name[:at])
		}
	}
	return all
}

// A named is a package that go list found for a pattern.
type named struct {
	ImportPath, Dir                string
	GoFiles, CgoFiles, TestGoFiles []string
	Error                          *struct{ Err string }
}

// listNamed returns the packages that are there, or nil outside of any module.
func listNamed(tools overlay.Toolchain, dir string, patterns []string) ([]named, error) {
	args := []string{"list", "-e", "-find", "-json=ImportPath,Dir,GoFiles,CgoFiles,TestGoFiles,Error"}
	if dir != "" {
		args = slices.Insert(args, 1, "-C", dir)
	}
	cmd := exec.Command(tools.Command, append(args, patterns...)...)
	cmd.Env = environment(tools.Env)
	text, err := cmd.Output()
	if err != nil {
		return nil, err
	}
	found := []named{}
	for d := json.NewDecoder(strings.NewReader(string(text))); ; {
		var p named
		switch err := d.Decode(&p); {
		case errors.Is(err, io.EOF):
			return found, nil
		case err != nil:
			return nil, err
		case p.Error != nil && strings.Contains(p.Error.Err, "go.mod file not found"):
			return nil, nil
		case p.Dir != "":
			found = append(found, p)
		}
	}
}

// namesOne reports whether a rule is for one of the packages or for a function in one.
func namesOne(r overlay.Rule, found []named) bool {
	for _, p := range found {
		switch {
		case r.Tree && (p.ImportPath == r.Package || strings.HasPrefix(p.ImportPath, r.Package+"/")), r.Package == p.ImportPath:
			return true
		case r.Function == "":
			continue
		}
		for _, name := range slices.Concat(p.GoFiles, p.CgoFiles, p.TestGoFiles) {
			functions, err := overlay.Functions(filepath.Join(p.Dir, name), p.ImportPath)
			if err != nil || slices.ContainsFunc(functions, func(f string) bool {
				return r.Function == f || strings.HasPrefix(r.Function, f+".") // a closure in it
			}) {
				return true
			}
		}
	}
	return false
}
