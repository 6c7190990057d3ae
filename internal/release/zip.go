package main

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/module"
	"golang.org/x/mod/sumdb/dirhash"
	"golang.org/x/mod/zip"
)

// pack writes the zip of a module, as the go command makes it from a commit, into a folder that
// serves as a module proxy.
func (r *repository) pack(m *member, version, commit, proxy string) (string, error) {
	source, err := os.MkdirTemp("", "ambient-release-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(source)
	if err := r.export(commit, source, m, "LICENSE"); err != nil {
		return "", err
	}
	folder := filepath.Join(source, filepath.FromSlash(m.folder))
	if _, err := os.Stat(filepath.Join(folder, "LICENSE")); err != nil { // the go command adds it, too
		text, err := os.ReadFile(filepath.Join(source, "LICENSE"))
		if err != nil {
			return "", err
		}
		if err := os.WriteFile(filepath.Join(folder, "LICENSE"), text, 0o600); err != nil {
			return "", err
		}
	}
	to := filepath.Join(proxy, filepath.FromSlash(m.path), "@v")
	if err := os.MkdirAll(to, 0o750); err != nil {
		return "", err
	}
	var packed bytes.Buffer
	if err := zip.CreateFromDir(&packed, module.Version{Path: m.path, Version: version}, folder); err != nil {
		return "", err
	}
	mod, err := os.ReadFile(filepath.Join(folder, "go.mod"))
	if err != nil {
		return "", err
	}
	info := `{"Version":"` + version + `","Time":"` + time.Now().UTC().Format(time.RFC3339) + `"}`
	name := filepath.Join(to, version)
	return name, errors.Join(
		os.WriteFile(name+".zip", packed.Bytes(), 0o600),
		os.WriteFile(name+".mod", mod, 0o600),
		os.WriteFile(name+".info", []byte(info), 0o600),
		os.WriteFile(filepath.Join(to, "list"), []byte(version+"\n"), 0o600),
	)
}

// export writes the files of a module at a commit into a folder, together with other files of the
// repository.
func (r *repository) export(commit, folder string, m *member, others ...string) error {
	file := filepath.Join(folder, ".tar")
	args := append([]string{"archive", "--format=tar", "-o", file, commit, "--", path.Join(".", m.folder)}, others...)
	if _, err := git(r.dir, args...); err != nil {
		return err
	}
	defer os.Remove(file)
	packed, err := os.Open(file)
	if err != nil {
		return err
	}
	defer packed.Close()
	for files := tar.NewReader(packed); ; {
		header, err := files.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if header.Typeflag != tar.TypeReg {
			continue
		}
		name := filepath.Join(folder, filepath.FromSlash(header.Name))
		if err := os.MkdirAll(filepath.Dir(name), 0o750); err != nil {
			return err
		}
		text, err := io.ReadAll(files)
		if err != nil {
			return err
		}
		if err := os.WriteFile(name, text, 0o600); err != nil {
			return err
		}
	}
}

// writeSums adds the hashes of required modules to each published module's go.sum and amends the
// last commit. A module's zip has no files of the modules below it, so their changes do not change
// it.
func (r *repository) writeSums(version string) error {
	proxy, err := os.MkdirTemp("", "ambient-release-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(proxy)
	sums, changed := map[string][]string{}, false
	amend := func() error {
		if !changed {
			return nil
		}
		changed = false
		_, err := git(r.dir, "commit", "-q", "-a", "--amend", "--no-edit")
		return err
	}
	for _, m := range r.published() {
		var lines []string
		for _, path := range m.requires {
			lines = append(lines, sums[path]...)
		}
		if len(lines) > 0 {
			changed = true
			if err := addSums(r.name(m, "go.sum"), lines); err != nil {
				return err
			}
		}
		if !slices.ContainsFunc(r.published(), func(other *member) bool { return slices.Contains(other.requires, m.path) }) {
			continue
		}
		if err := amend(); err != nil {
			return err
		}
		if sums[m.path], err = r.sums(m, version, proxy); err != nil {
			return err
		}
	}
	return amend()
}

// sums returns the lines of a go.sum for m at the last commit.
func (r *repository) sums(m *member, version, proxy string) ([]string, error) {
	name, err := r.pack(m, version, "HEAD", proxy)
	if err != nil {
		return nil, err
	}
	hash, err := dirhash.HashZip(name+".zip", dirhash.Hash1)
	if err != nil {
		return nil, err
	}
	modHash, err := dirhash.Hash1([]string{"go.mod"}, func(string) (io.ReadCloser, error) { return os.Open(name + ".mod") })
	if err != nil {
		return nil, err
	}
	return []string{m.path + " " + version + " " + hash, m.path + " " + version + "/go.mod " + modHash}, nil
}

// addSums adds lines in the order of go mod tidy.
func addSums(name string, lines []string) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	all := strings.Split(strings.TrimSpace(string(text)), "\n")
	for _, line := range lines {
		path, _, _ := strings.Cut(line, " ")
		at := slices.IndexFunc(all, func(other string) bool {
			otherPath, _, _ := strings.Cut(other, " ")
			return otherPath > path
		})
		if at < 0 {
			at = len(all)
		}
		all = slices.Insert(all, at, line)
	}
	return os.WriteFile(name, []byte(strings.Join(all, "\n")+"\n"), 0o644)
}
