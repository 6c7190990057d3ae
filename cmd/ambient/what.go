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

	"github.com/ambient-go/ambient/cmd/ambient/internal/govet"
	"github.com/ambient-go/ambient/cmd/ambient/internal/overlay"
)

// A listed is a package as go list describes it.
type listed struct {
	ImportPath, Dir   string
	Name              string
	GoFiles, CgoFiles []string
	Standard          bool
	Module            *struct{ Main bool }
}

// what prints the class of each go statement and each timer in the packages of a build, with the
// reason: those of the main module and its workspace first, and then those of other modules and of
// the standard library.
func what(c command, w io.Writer) error {
	args := []string{"list", "-deps", "-json=ImportPath,Name,Dir,GoFiles,CgoFiles,Standard,Module"}
	if c.dir != "" {
		args = slices.Insert(args, 1, "-C", c.dir)
	}
	cmd := exec.Command(c.path, append(args, c.rest...)...)
	cmd.Env = c.env
	text, err := cmd.Output()
	if exit := new(exec.ExitError); errors.As(err, &exit) {
		return govet.Complaint(string(exit.Stderr), err)
	}
	if err != nil {
		return err
	}
	var packages [3][]listed // own, of other modules, of std
	for d := json.NewDecoder(strings.NewReader(string(text))); ; {
		var p listed
		if err := d.Decode(&p); err == io.EOF {
			break
		} else if err != nil {
			return fmt.Errorf("go list: %w", err)
		}
		kind := 1
		switch {
		case p.Standard:
			kind = 2
		case p.Module == nil || p.Module.Main:
			kind = 0
		}
		packages[kind] = append(packages[kind], p)
	}
	for kind, all := range packages {
		for _, p := range all {
			for _, name := range append(p.GoFiles, p.CgoFiles...) {
				pkg := p.ImportPath
				if p.Name == "main" {
					pkg = "main" // as symbols name it
				}
				starts, err := overlay.Starts(filepath.Join(p.Dir, name), pkg)
				if err != nil {
					return err
				}
				for _, s := range starts {
					d := overlay.Decide(c.rules, kind == 0, p.ImportPath, s)
					if _, err := fmt.Fprintf(w, "%-8s  %s  %s: %s: %s\n", d.Class, s.Starts, s.Function, shorten(s.Position.String()), d.Reason); err != nil {
						return err
					}
				}
			}
		}
	}
	return nil
}
