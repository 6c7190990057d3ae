package overlay

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// A Toolchain is the go command to run with an overlay.
type Toolchain struct {
	Release
	Command string   // the path of the go command
	Env     []string // added to the environment, so that the go command does not choose another toolchain
	Flags   string   // GOFLAGS
}

// Find returns the toolchain that the go command chooses in the current folder, or in dir if that
// is not empty: the installed one, or the one that go.mod, go.work or GOTOOLCHAIN asks for. It runs
// go env.
//
// The go command refuses to replace files beneath GOMODCACHE, where it puts the toolchains that it
// downloads. Find returns such a toolchain through a symbolic link beneath cache.
func Find(dir, cache string) (Toolchain, error) {
	args := []string{"env", "-json", "GOROOT", "GOVERSION", "GOMODCACHE", "GOFLAGS"}
	if dir != "" {
		args = append([]string{"env", "-C", dir}, args[1:]...)
	}
	var stderr strings.Builder
	cmd := exec.Command("go", args...)
	cmd.Stderr = &stderr
	text, err := cmd.Output()
	if err != nil {
		if exit := new(exec.ExitError); errors.As(err, &exit) {
			return Toolchain{}, fmt.Errorf("go env: %s", strings.TrimSpace(stderr.String()))
		}
		return Toolchain{}, err
	}
	var env struct{ GOROOT, GOVERSION, GOMODCACHE, GOFLAGS string }
	if err := json.Unmarshal(text, &env); err != nil {
		return Toolchain{}, fmt.Errorf("go env: %w", err)
	}
	if env.GOROOT == "" || env.GOVERSION == "" {
		return Toolchain{}, errors.New("go env does not tell GOROOT and GOVERSION")
	}
	t := Toolchain{Release: Release{Root: env.GOROOT, Version: env.GOVERSION}, Flags: env.GOFLAGS}
	if beneath(t.Root, env.GOMODCACHE) {
		if t.Root, err = linked(t.Root, cache); err != nil {
			return Toolchain{}, err
		}
		t.Env = []string{"GOROOT=" + t.Root}
	}
	t.Env = append(t.Env, "GOTOOLCHAIN=local")
	t.Command = filepath.Join(t.Root, "bin", "go"+filepath.Ext(cmd.Path))
	if _, err := os.Stat(t.Command); err != nil {
		t.Command = cmd.Path
	}
	return t, nil
}

// beneath reports whether a path is in a folder, as written or with symbolic links followed.
func beneath(path, folder string) bool {
	in := func(path, folder string) bool {
		rel, err := filepath.Rel(folder, path)
		return err == nil && filepath.IsLocal(rel)
	}
	if folder == "" {
		return false
	}
	realPath, err := filepath.EvalSymlinks(path)
	if err != nil {
		realPath = path
	}
	realFolder, err := filepath.EvalSymlinks(folder)
	if err != nil {
		realFolder = folder
	}
	return in(path, folder) || in(path, realFolder) || realPath == path && in(realPath, realFolder)
}

// linked returns a path outside of GOMODCACHE for a toolchain in it.
func linked(root, cache string) (string, error) {
	link := filepath.Join(cache, "goroot", filepath.Base(root))
	if to, err := os.Readlink(link); err == nil && to == root {
		return link, nil
	}
	if err := os.MkdirAll(filepath.Dir(link), 0o755); err != nil {
		return "", err
	}
	made := fmt.Sprintf("%s.%d", link, os.Getpid())
	if err := os.Symlink(root, made); err != nil {
		return "", err
	}
	if err := os.Rename(made, link); err != nil { // another process may have made the same link
		return "", errors.Join(err, os.Remove(made))
	}
	return link, nil
}

// Cache returns the folder for overlays: AMBIENT_CACHE, or ambient in the user's cache folder.
func Cache() (string, error) {
	if dir := os.Getenv("AMBIENT_CACHE"); dir != "" {
		return filepath.Abs(dir)
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("%w; set AMBIENT_CACHE to a folder for overlays", err)
	}
	return filepath.Join(dir, "ambient"), nil
}
