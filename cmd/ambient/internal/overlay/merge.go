package overlay

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
)

// replacements is the content of an overlay file. For the go command a path that is replaced by ""
// does not exist.
type replacements struct{ Replace map[string]string }

// Merge combines two overlays in a file beneath cache and returns its path. The second overlay is
// the user's; its path is relative to dir. The paths in it stay as they are: the go command takes
// them relative to the folder where it runs. Merge leaves out replacements that an earlier Write
// made for the user, such as those for another release.
func Merge(ours, users, dir, cache string) (string, error) {
	if !filepath.IsAbs(users) {
		users = filepath.Join(dir, users)
	}
	merged, err := readReplacements(ours)
	if err != nil {
		return "", err
	}
	more, err := readReplacements(users)
	if err != nil {
		return "", err
	}
	earlier, folder, err := more.made()
	if err != nil {
		return "", err
	}
	if folder != "" {
		now, _, err := merged.made()
		if err != nil {
			return "", err
		}
		if earlier.Flags != "" && earlier.Flags != now.Flags {
			return "", fmt.Errorf("overlay %s was made with %s, which this build is not: "+
				"give it the same flags, or no such overlay", users, earlier.Flags)
		}
		maps.DeleteFunc(more.Replace, func(_, path string) bool { return beneath(path, folder) })
		if len(more.Replace) == 0 {
			return ours, nil
		}
	}
	for path := range more.Replace {
		if _, both := merged.Replace[filepath.Clean(path)]; both {
			return "", fmt.Errorf("overlay %s replaces %s, which has to be replaced for inherited propagation", users, path)
		}
	}
	maps.Copy(merged.Replace, more.Replace)
	text, err := json.MarshalIndent(merged, "", "\t")
	if err != nil {
		return "", err
	}
	path := filepath.Join(cache, fmt.Sprintf("merged-%x.json", sha256.Sum256(text))[:27]+".json")
	return path, writeAtOnce(path, text)
}

func readReplacements(path string) (replacements, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return replacements{}, err
	}
	r := replacements{make(map[string]string)}
	if err := json.Unmarshal(text, &r); err != nil {
		return replacements{}, fmt.Errorf("overlay %s: %w", path, err)
	}
	if r.Replace == nil {
		r.Replace = make(map[string]string)
	}
	return r, nil
}

// made returns the mark and the folder of the files that Write has made, "" if there are none.
func (r replacements) made() (m Mark, folder string, err error) {
	for from, to := range r.Replace {
		if filepath.Base(from) != addedName || filepath.Base(filepath.Dir(from)) != "runtime" || to == "" {
			continue
		}
		file, err := os.Open(to)
		if err != nil {
			return Mark{}, "", err
		}
		m, found, err := FindMark(file)
		file.Close()
		if found || err != nil {
			return m, filepath.Dir(filepath.Dir(to)), err
		}
	}
	return Mark{}, "", nil
}

// Files returns the replacements of an overlay, by the paths of the replaced files.
func Files(path string) (map[string]string, error) {
	r, err := readReplacements(path)
	return r.Replace, err
}

// writeAtOnce writes a file under another name first, so that a reader never sees a part of it.
func writeAtOnce(path string, text []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), "making-")
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err == nil {
		err = f.Chmod(0o644) // the cache may serve several users
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}
