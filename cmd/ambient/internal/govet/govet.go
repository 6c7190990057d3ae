// Package govet runs the analyzers by "go vet -vettool". The go command chooses the packages, their
// tests included, and caches the results of unchanged packages.
package govet

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// Options are the options of one run.
type Options struct {
	Tool     string            // the vettool
	Overlay  map[string]string // replacements of files, as in "go help build"
	Flags    []string          // of go vet and of the tool
	Patterns []string
}

// A Finding is one diagnostic.
type Finding struct {
	Package  string `json:"-"`
	Analyzer string `json:"-"`
	Posn     string `json:"posn"`
	End      string `json:"end,omitempty"`
	Message  string `json:"message"`
	Fixes    []Fix  `json:"suggested_fixes,omitempty"`
	Related  []any  `json:"related,omitempty"`
}

// A Fix is a suggested fix.
type Fix struct {
	Message string `json:"message"`
	Edits   []Edit `json:"edits"`
}

// An Edit replaces the bytes from Start to End.
type Edit struct {
	Filename string `json:"filename"`
	Start    int    `json:"start"`
	End      int    `json:"end"`
	New      string `json:"new"`
}

// Position splits a finding's place.
func (f *Finding) Position() (file string, line, column int) {
	rest, last := cutNumber(f.Posn)
	file, line = cutNumber(rest)
	if file == rest { // no column
		return rest, last, 0
	}
	return file, line, last
}

func cutNumber(posn string) (string, int) {
	i := strings.LastIndexByte(posn, ':')
	if i < 0 {
		return posn, 0
	}
	n, err := strconv.Atoi(posn[i+1:])
	if err != nil {
		return posn, 0
	}
	return posn[:i], n
}

// An Error is the first line of a complaint of the go command or the compiler.
type Error struct {
	Line string
	More int // lines behind it
}

func (e *Error) Error() string {
	switch e.More {
	case 0:
		return e.Line
	case 1:
		return e.Line + " (and one more error)"
	}
	return fmt.Sprintf("%s (and %d more errors)", e.Line, e.More)
}

// Run returns the findings in the packages, sorted by place. If some packages are broken, it
// returns the findings of the others and an *Error.
func Run(o Options) ([]Finding, error) {
	args := []string{"vet", "-vettool=" + o.Tool, "-json"}
	if len(o.Overlay) > 0 {
		file, remove, err := overlayFile(o.Overlay)
		if err != nil {
			return nil, err
		}
		defer remove()
		args = append(args, "-overlay="+file)
	}
	args = append(append(args, o.Flags...), o.Patterns...)
	var stdout, stderr bytes.Buffer
	cmd := exec.Command("go", args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		return nil, err
	}
	back := map[string]string{}
	for file, actual := range o.Overlay {
		back[actual] = file
	}
	// Go 1.25 prints the findings on stderr, later releases on stdout.
	findings, texts, parseErr := parse(slices.Concat(stdout.Bytes(), []byte("\n"), stderr.Bytes()), back)
	switch {
	case parseErr != nil:
		return nil, parseErr
	case err != nil:
		return findings, complaint(texts, err, back)
	}
	for _, text := range texts {
		if strings.HasPrefix(text, "go: warning: ") && strings.HasSuffix(text, "matched no packages") {
			return findings, &Error{Line: strings.TrimPrefix(text, "go: warning: ")}
		}
	}
	return findings, nil
}

func overlayFile(replace map[string]string) (file string, remove func(), err error) {
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", nil, err
	}
	f, err := os.CreateTemp("", "ambient-overlay-*.json")
	if err != nil {
		return "", nil, err
	}
	_, err = f.Write(text)
	return f.Name(), func() { os.Remove(f.Name()) }, errors.Join(err, f.Close())
}

// parse finds the JSON objects in the output, one a package, and the lines between them.
func parse(output []byte, back map[string]string) ([]Finding, []string, error) {
	var findings []Finding
	var texts []string
	for len(output) > 0 {
		line, rest, _ := bytes.Cut(output, []byte("\n"))
		if !bytes.HasPrefix(line, []byte("{")) {
			if text := strings.TrimRight(string(line), " \r"); text != "" && !strings.HasPrefix(text, "#") {
				texts = append(texts, text)
			}
			output = rest
			continue
		}
		var tree map[string]map[string]json.RawMessage
		d := json.NewDecoder(bytes.NewReader(output))
		if err := d.Decode(&tree); err != nil {
			return nil, nil, fmt.Errorf("unexpected output of go vet: %w", err)
		}
		output = output[d.InputOffset():]
		found, err := flatten(tree, back)
		if err != nil {
			return nil, nil, err
		}
		findings = append(findings, found...)
	}
	return unique(findings), texts, nil
}

func flatten(tree map[string]map[string]json.RawMessage, back map[string]string) ([]Finding, error) {
	var all []Finding
	for id, analyzers := range tree {
		for name, raw := range analyzers {
			var found []Finding
			if err := json.Unmarshal(raw, &found); err != nil {
				var failed struct{ Error string }
				if json.Unmarshal(raw, &failed) == nil && failed.Error != "" {
					err = errors.New(failed.Error)
				}
				return nil, fmt.Errorf("%s: %s: %w", id, name, err)
			}
			for i := range found {
				f := &found[i]
				f.Package, f.Analyzer = id, name
				f.Posn, f.End = moved(f.Posn, back), moved(f.End, back)
				for _, fix := range f.Fixes {
					for k := range fix.Edits {
						fix.Edits[k].Filename = moved(fix.Edits[k].Filename, back)
					}
				}
			}
			all = append(all, found...)
		}
	}
	return all, nil
}

// moved replaces the name of a file in an overlay by the name of the file that it replaces.
func moved(text string, back map[string]string) string {
	for actual, file := range back {
		text = strings.ReplaceAll(text, actual, file)
	}
	return text
}

// unique sorts findings and drops duplicates, of a package that is vetted twice, once with its
// tests.
func unique(all []Finding) []Finding {
	slices.SortStableFunc(all, func(a, b Finding) int {
		aFile, aLine, aColumn := a.Position()
		bFile, bLine, bColumn := b.Position()
		return cmp.Or(cmp.Compare(aFile, bFile), cmp.Compare(aLine, bLine), cmp.Compare(aColumn, bColumn),
			cmp.Compare(a.Analyzer, b.Analyzer), cmp.Compare(a.Message, b.Message), cmp.Compare(a.Package, b.Package))
	})
	return slices.CompactFunc(all, func(a, b Finding) bool {
		return a.Posn == b.Posn && a.Analyzer == b.Analyzer && a.Message == b.Message
	})
}

// Complaint returns one line for the text that a go command printed on stderr. Without a text it
// returns err.
func Complaint(stderr string, err error) error {
	var texts []string
	for line := range strings.Lines(stderr) {
		if line = strings.TrimRight(line, " \r\n"); line != "" && !strings.HasPrefix(line, "#") {
			texts = append(texts, line)
		}
	}
	return complaint(texts, err, nil)
}

// complaint returns one line for the go command's text about broken code or wrong patterns.
func complaint(texts []string, err error, back map[string]string) error {
	var lines []string
	for _, text := range texts {
		if n := len(lines); n > 0 && strings.HasSuffix(lines[n-1], ":") { // "errors parsing go.mod:", and where
			lines[n-1] += " " + strings.TrimSpace(text)
			continue
		}
		if strings.HasPrefix(text, "\t") || strings.HasPrefix(text, "go: downloading ") || strings.HasPrefix(text, "exit status ") {
			continue
		}
		for _, prefix := range []string{"go: warning: ", "go: ", "vet: ", "package "} {
			text = strings.TrimPrefix(text, prefix)
		}
		if strings.Contains(text, "package requires newer Go version") {
			return &Error{Line: "built with " + runtime.Version() + ", it cannot read code for the newer Go release in use here: " +
				"install it again with that release"}
		}
		if name, rest, ok := strings.Cut(text, ": "); ok && strings.HasPrefix(name, "ambient") {
			text = rest
		}
		if text == "no packages to vet" && len(lines) > 0 {
			continue
		}
		lines = append(lines, relative(moved(text, back)))
	}
	if len(lines) == 0 {
		return err
	}
	return &Error{strings.TrimRight(lines[0], ":;"), len(lines) - 1}
}

// relative shortens the path that a line starts with.
func relative(text string) string {
	dir, err := os.Getwd()
	if err != nil {
		return text
	}
	return strings.TrimPrefix(strings.TrimPrefix(text, dir+string(filepath.Separator)), "."+string(filepath.Separator))
}
