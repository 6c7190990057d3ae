package overlay

import (
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

	// Rules are the user's, which come before the built-in ones.
	Rules []Rule
}

// format is part of the key of cached overlays. It changes with what the overlay holds.
const format = "5"

// Write makes an overlay of the release in a folder of its own beneath cache, if it is not there yet, and returns the
// path of the file for go build -overlay. The folder's name is a hash of the release and of the files that the overlay
// replaces, so an overlay that is there is the one that would be made. It is safe to call from several processes at
// once.
func Write(r Release, cache string) (string, error) {
	originals, err := read(r)
	if err != nil {
		return "", err
	}
	folder := filepath.Join(cache, "_"+key(r, originals)) // no pattern of the go command matches it
	list := filepath.Join(folder, "overlay.json")
	if complete(list) {
		return list, nil
	}
	files, err := patched(r, originals)
	if err != nil {
		return "", fmt.Errorf("unsupported Go release %s: %w", r.Version, err)
	}
	if err := save(r, files, folder); err != nil {
		return "", err
	}
	return list, nil
}

// complete reports whether an overlay is there with all of its files.
func complete(list string) bool {
	r, err := readReplacements(list)
	if err != nil {
		return false
	}
	for _, path := range r.Replace {
		if _, err := os.Stat(path); err != nil {
			return false
		}
	}
	return true
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
	for _, text := range []string{format, r.Root, r.Version, added("runtime", r), bindText} {
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
			return nil, err
		}
		folder := path.Dir(o.file)
		files[o.file] = text
		more := added(folder, r)
		if more == "" {
			continue
		}
		files[folder+"/"+addedName] = more
		if _, err := os.Stat(filepath.Join(r.Root, "src", filepath.FromSlash(folder), addedName)); err == nil {
			return nil, fmt.Errorf("%s/%s is there already", folder, addedName)
		}
	}
	return files, nil
}

// plain cuts from a version what says how the release was built: "go1.26.8 X:jsonv2" is go1.26.8.
func plain(version string) string {
	version, _, _ = strings.Cut(version, " ")
	version, _, _ = strings.Cut(version, "-X:")
	return version
}

// save writes the files and the list beside folder, and then gives them its name at once.
func save(r Release, files map[string]string, folder string) error {
	if err := os.MkdirAll(filepath.Dir(folder), 0o755); err != nil {
		return err
	}
	made, err := os.MkdirTemp(filepath.Dir(folder), "making-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(made)
	list := replacements{make(map[string]string)}
	for name, text := range files {
		name = filepath.FromSlash(name)
		list.Replace[filepath.Join(r.Root, "src", name)] = filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(filepath.Join(made, name)), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(made, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	text, err := json.MarshalIndent(list, "", "\t")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(made, "overlay.json"), text, 0o644); err != nil {
		return err
	}
	if err := os.Chmod(made, 0o755); err != nil {
		return err
	}
	if err = os.Rename(made, folder); err == nil {
		return nil
	}
	if complete(filepath.Join(folder, "overlay.json")) {
		return nil // somebody else was faster
	}
	if err := os.RemoveAll(folder); err != nil { // something has taken files out of it
		return err
	}
	return os.Rename(made, folder)
}
