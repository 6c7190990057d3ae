package overlay

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// A Release is an installed Go release, as go env describes it.
type Release struct {
	Root    string // GOROOT
	Version string // GOVERSION

	// Rules are the user's rules, which come before the built-in ones.
	Rules []Rule
}

// format is part of the key of cached overlays. It changes when the content of overlays does.
const format = "6"

// Write makes an overlay of the release in a folder of its own beneath cache and returns the path
// of the file for go build -overlay. The folder's name is a hash of the release and of the files
// that the overlay replaces. Write compares the files that exist and keeps those that are right, so
// a second call writes nothing. Several processes may call Write at once: they write the same
// files.
func Write(r Release, cache string) (string, error) {
	originals, err := read(r)
	if err != nil {
		return "", err
	}
	files, err := patched(r, originals)
	if err != nil {
		return "", err
	}
	folder := filepath.Join(cache, "_"+key(r, originals)) // no pattern of the go command matches it
	return save(r, files, folder)
}

// Check returns the error that Write returns for a release whose files are not as they have to be.
func Check(r Release) error {
	originals, err := read(r)
	if err == nil {
		_, err = patched(r, originals)
	}
	return err
}

// An original is a file of the release that the overlay replaces.
type original struct {
	patch
	text string
}

// read returns the files to patch.
func read(r Release) ([]original, error) {
	var all []original
	for _, p := range patches() {
		o, err := p.original(r)
		switch {
		case err == nil:
			all = append(all, o)
		case !errors.Is(err, fs.ErrNotExist):
			return nil, err
		case !p.optional:
			return nil, fmt.Errorf("unsupported Go release %s: %w", r.Version, err)
		}
	}
	return all, nil
}

func (p patch) original(r Release) (original, error) {
	text, err := os.ReadFile(filepath.Join(r.Root, "src", filepath.FromSlash(p.file)))
	return original{p, string(text)}, err
}

func key(r Release, originals []original) string {
	h := sha256.New()
	for _, text := range []string{format, r.Root, r.Version, added("runtime", r), added("time", r), added("context", r)} {
		fmt.Fprintf(h, "%q\n", text)
	}
	for _, o := range originals {
		fmt.Fprintf(h, "%q %x\n", o.file, sha256.Sum256([]byte(o.text)))
	}
	return hex.EncodeToString(h.Sum(nil))[:20]
}

// patched returns the overlay's files by their paths in GOROOT/src.
func patched(r Release, originals []original) (map[string]string, error) {
	files := make(map[string]string)
	for _, o := range originals {
		text, err := apply(o.file, o.text, o.edits)
		if err != nil {
			return nil, fmt.Errorf("unsupported Go release %s: %w", r.Version, err)
		}
		folder := path.Dir(o.file)
		files[o.file] = text
		more := added(folder, r)
		if more == "" {
			continue
		}
		files[folder+"/"+addedName] = more
		if _, err := os.Stat(filepath.Join(r.Root, "src", filepath.FromSlash(folder), addedName)); err == nil {
			return nil, fmt.Errorf("unsupported Go release %s: %s/%s is there already", r.Version, folder, addedName)
		}
	}
	return files, nil
}

// plain returns a version without the suffix about how the release was built: go1.26.8 of "go1.26.8
// X:jsonv2".
func plain(version string) string {
	version, _, _ = strings.Cut(version, " ")
	version, _, _ = strings.Cut(version, "-X:")
	return version
}

// save writes the files and, last, the list of them, and returns the list's path.
func save(r Release, files map[string]string, folder string) (string, error) {
	list := replacements{make(map[string]string)}
	for name, text := range files {
		name = filepath.FromSlash(name)
		path := filepath.Join(folder, name)
		list.Replace[filepath.Join(r.Root, "src", name)] = path
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return "", err
		}
		if err := keep(path, []byte(text)); err != nil {
			return "", err
		}
	}
	text, err := json.MarshalIndent(list, "", "\t")
	if err != nil {
		return "", err
	}
	path := filepath.Join(folder, "overlay.json")
	return path, keep(path, text)
}

// keep writes a file that is not there or has another text.
func keep(path string, text []byte) error {
	there := func() bool {
		is, err := os.ReadFile(path)
		return err == nil && bytes.Equal(is, text)
	}
	if there() {
		return nil
	}
	err := writeAtOnce(path, text)
	if err != nil && there() {
		return nil // Windows does not rename to a file that somebody reads: who was faster
	}
	return err
}
