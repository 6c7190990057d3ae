package overlay

import (
	"encoding/json"
	"errors"
	"go/parser"
	"go/token"
	"go/version"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// releases has "" for the installed release, and a patch release of each other tested release.
var releases = func() []string {
	all := Tested()
	for i, patch := range all {
		if version.Lang(patch) == version.Lang(plain(runtime.Version())) {
			all[i] = ""
			return all
		}
	}
	return append(all, "")
}()

// oldest is a release other than the installed one, unless the oldest is installed.
var oldest = Tested()[0]

// release finds a toolchain as the go command would choose it, and downloads it if necessary.
func release(t *testing.T, name, cache string) Toolchain {
	t.Helper()
	t.Setenv("GOWORK", "off")
	if name != "" {
		t.Setenv("GOTOOLCHAIN", name)
	}
	tools, err := Find("", cache)
	require.NoError(t, err)
	if name != "" {
		require.Equal(t, name, tools.Version)
	}
	return tools
}

// copied makes a GOROOT with only the files that the overlay reads, for tests that break them.
func copied(t *testing.T) Release {
	t.Helper()
	tools := release(t, "", t.TempDir())
	root := t.TempDir()
	for _, p := range patches() {
		text, err := os.ReadFile(filepath.Join(tools.Root, "src", filepath.FromSlash(p.file)))
		if os.IsNotExist(err) {
			continue
		}
		require.NoError(t, err)
		to := filepath.Join(root, "src", filepath.FromSlash(p.file))
		require.NoError(t, os.MkdirAll(filepath.Dir(to), 0o755))
		require.NoError(t, os.WriteFile(to, text, 0o644))
	}
	return Release{Root: root, Version: tools.Version}
}

// edited changes a file of a copied release.
func edited(t *testing.T, r Release, file string, change func(string) string) {
	t.Helper()
	path := filepath.Join(r.Root, "src", filepath.FromSlash(file))
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	changed := change(string(text))
	require.NotEqual(t, string(text), changed)
	require.NoError(t, os.WriteFile(path, []byte(changed), 0o644))
}

// written returns the texts of an overlay's files by their paths in GOROOT/src.
func written(t *testing.T, r Release, path string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	var list replacements
	require.NoError(t, json.Unmarshal(text, &list))
	files := make(map[string]string)
	for from, to := range list.Replace {
		name, err := filepath.Rel(filepath.Join(r.Root, "src"), from)
		require.NoError(t, err)
		text, err := os.ReadFile(to)
		require.NoError(t, err)
		files[filepath.ToSlash(name)] = string(text)
	}
	return files
}

func TestOverlayOfEachRelease(t *testing.T) {
	for _, name := range releases {
		t.Run("release "+name, func(t *testing.T) {
			cache := t.TempDir()
			tools := release(t, name, cache)
			path, err := Write(tools.Release, cache)
			require.NoError(t, err)
			files := written(t, tools.Release, path)
			added := 0
			for name, text := range files {
				_, err := parser.ParseFile(token.NewFileSet(), name, text, parser.SkipObjectResolution)
				require.NoError(t, err)
				original, err := os.ReadFile(filepath.Join(tools.Root, "src", filepath.FromSlash(name)))
				if os.IsNotExist(err) {
					added++
					assert.Equal(t, addedName, filepath.Base(name))
					continue
				}
				require.NoError(t, err)
				changedLines(t, name, string(original), text)
			}
			assert.Equal(t, 3, added) // in runtime, time and context
			assert.Len(t, files, len(patches())+added)
			assert.Contains(t, files["runtime/"+addedName], `var ambientVersion = "`+plain(tools.Version)+`"`)

			again, err := Write(tools.Release, cache)
			require.NoError(t, err)
			assert.Equal(t, path, again)
		})
	}
}

// changedLines checks that a file keeps all its lines except those that contain an addition.
func changedLines(t *testing.T, name, before, after string) {
	t.Helper()
	was, is := strings.Split(before, "\n"), strings.Split(after, "\n")
	require.Len(t, is, len(was), "%s: the number of lines", name)
	changed := 0
	for i := range was {
		if was[i] != is[i] {
			assert.Regexp(t, `ambient|runtime\.G\{\}, .* \+ 40\}`, is[i], "%s:%d", name, i+1)
			changed++
		}
	}
	edits := 0
	for _, p := range patches() {
		if p.file == name {
			edits = len(p.edits)
		}
	}
	assert.Equal(t, edits, changed, name)
}

func TestNothingIsWrittenForAnotherRelease(t *testing.T) {
	replace := func(old, text string) func(string) string {
		return func(s string) string { return strings.ReplaceAll(s, old, text) }
	}
	twice := func(statement string) func(string) string { return replace(statement, statement+"\n\t"+statement) }
	for name, c := range map[string]struct {
		file   string
		change func(string) string
		want   string
	}{
		"labels are gone from g":           {"runtime/runtime2.go", replace("labels ", "tags "), "the field labels of type g: found 0 times"},
		"g has another name":               {"runtime/runtime2.go", replace("type g struct", "type goroutine struct"), "the field labels of type g: found 0 times"},
		"newproc1 takes ids otherwise":     {"runtime/proc.go", replace("newg.goid = pp.goidcache", "newg.goid = nextID()"), "the id in newproc1: found 0 times"},
		"newproc1 takes an id twice":       {"runtime/proc.go", twice("newg.goid = pp.goidcache"), "the id in newproc1: found 2 times"},
		"newproc1 has another name":        {"runtime/proc.go", replace("func newproc1(", "func newproc2("), "the id in newproc1: found 0 times"},
		"gdestroy keeps labels":            {"runtime/proc.go", replace("gp.labels = nil", "gp.tags = nil"), "the end of labels in gdestroy: found 0 times"},
		"callbacks return otherwise":       {"runtime/cgocall.go", replace("gp.m.isExtraInC = true", "gp.m.extraInC()"), "the return to C in cgocallbackg: found 0 times"},
		"timers start otherwise":           {"time/sleep.go", replace("goFunc, f,", "startFunc, f,"), "the function of AfterFunc: found 0 times"},
		"timers are reset otherwise":       {"time/sleep.go", replace("return resetTimer(t, w, 0)", "return t.reset(w)"), "the reset in Reset: found 0 times"},
		"timers call otherwise":            {"time/sleep.go", replace("go arg.(func())()", "go call(arg)"), "the go statement in goFunc: found 0 times"},
		"contexts keep f otherwise":        {"context/context.go", replace("f: f,", "fn: f,"), "the function of AfterFunc: found 0 times"},
		"channels receive otherwise":       {"runtime/chan.go", replace("_, received = chanrecv(c, elem, true)", "received = receive(c, elem)"), "the receive in chanrecv2: found 0 times"},
		"a receive that is not waited for": {"runtime/chan.go", replace("return chanrecv(c, elem, false)", "return receive(c, elem)"), "the receive in selectnbrecv: found 0 times"},
		"select ends otherwise":            {"runtime/select.go", replace("return casi, recvOK", "return selected()"), "the end of selectgo: found 0 times"},
		"conditions wait otherwise":        {"runtime/sema.go", replace("releaseSudog(s)", "release(s)"), "the end of notifyListWait: found 0 times"},
		"a file does not parse":            {"runtime/proc.go", func(s string) string { return s + "\nfunc {" }, "expected"},
		"a file is empty":                  {"time/sleep.go", func(string) string { return "" }, "expected 'package'"},
	} {
		t.Run(name, func(t *testing.T) {
			r, cache := copied(t), t.TempDir()
			edited(t, r, c.file, c.change)
			_, err := Write(r, cache)
			require.Error(t, err)
			assert.ErrorContains(t, err, "unsupported Go release "+r.Version+": ")
			assert.ErrorContains(t, err, c.want)
			assert.NotContains(t, err.Error(), "\n")
			left, err := os.ReadDir(cache)
			require.NoError(t, err)
			assert.Empty(t, left)
		})
	}
	t.Run("a file is missing", func(t *testing.T) {
		r := copied(t)
		require.NoError(t, os.Remove(filepath.Join(r.Root, "src", "runtime", "proc.go")))
		_, err := Write(r, t.TempDir())
		assert.ErrorIs(t, err, fs.ErrNotExist)
		assert.ErrorContains(t, err, "unsupported Go release ")
	})
	t.Run("a file of the added name is there", func(t *testing.T) {
		r := copied(t)
		require.NoError(t, os.WriteFile(filepath.Join(r.Root, "src", "runtime", addedName), nil, 0o644))
		_, err := Write(r, t.TempDir())
		assert.ErrorContains(t, err, "runtime/"+addedName+" is there already")
	})
}

// The key depends on the files, the release and GOROOT.
func TestKeyOfTheCache(t *testing.T) {
	r, cache := copied(t), t.TempDir()
	seen := map[string]bool{}
	next := func(r Release) {
		t.Helper()
		path, err := Write(r, cache)
		require.NoError(t, err)
		assert.False(t, seen[path])
		seen[path] = true
	}
	next(r)
	next(Release{Root: r.Root, Version: "go1.26.99"})
	next(Release{Root: r.Root, Version: r.Version, Rules: []Rule{{Class: Inherits, Package: "example.com/pool"}}})
	edited(t, r, "runtime/proc.go", func(s string) string { return s + "\n// changed\n" })
	next(r)
	other := copied(t)
	next(other)
	assert.Len(t, seen, 5)
}

// If a file of a cached overlay is damaged, the next build has the right one.
func TestDamagedOverlayIsMadeAgain(t *testing.T) {
	r, cache := copied(t), t.TempDir()
	path, err := Write(r, cache)
	require.NoError(t, err)
	before := written(t, r, path)
	folder := filepath.Dir(path)
	for name, damage := range map[string]func(file string) error{
		"gone":     os.Remove,
		"empty":    func(file string) error { return os.Truncate(file, 0) },
		"tampered": func(file string) error { return os.WriteFile(file, []byte("package runtime\n"), 0o644) },
		"another's": func(file string) error {
			return errors.Join(os.Remove(file), os.WriteFile(file, []byte("{}"), 0o444))
		},
	} {
		for _, file := range []string{"runtime/proc.go", "time/" + addedName, "overlay.json"} {
			t.Run(name+" "+file, func(t *testing.T) {
				file := filepath.Join(folder, filepath.FromSlash(file))
				require.NoError(t, damage(file))
				again, err := Write(r, cache)
				require.NoError(t, err)
				assert.Equal(t, path, again)
				assert.Equal(t, before, written(t, r, again))
			})
		}
	}
	files, err := filepath.Glob(filepath.Join(folder, "*", "making-*"))
	require.NoError(t, err)
	assert.Empty(t, files)
}

// A user who cannot write to a cache can use an overlay that another user has put there.
func TestOverlayThatIsThereIsNotWrittenAgain(t *testing.T) {
	r, cache := copied(t), t.TempDir()
	path, err := Write(r, cache)
	require.NoError(t, err)
	times := func() map[string]time.Time {
		times := map[string]time.Time{}
		require.NoError(t, filepath.WalkDir(filepath.Dir(path), func(path string, d fs.DirEntry, err error) error {
			require.NoError(t, err)
			info, err := d.Info()
			require.NoError(t, err)
			if runtime.GOOS != "windows" {
				assert.Equal(t, fs.FileMode(0o444), info.Mode()&0o444, path)
			}
			times[path] = info.ModTime()
			return nil
		}))
		return times
	}
	before := times()
	again, err := Write(r, cache)
	require.NoError(t, err)
	assert.Equal(t, path, again)
	assert.Equal(t, before, times())
}

func TestOverlayIsMadeByManyAtOnce(t *testing.T) {
	r, cache := copied(t), t.TempDir()
	var all sync.WaitGroup
	paths := make([]string, 8)
	for i := range paths {
		all.Go(func() {
			path, err := Write(r, cache)
			assert.NoError(t, err)
			paths[i] = path
		})
	}
	all.Wait()
	assert.Len(t, slices.Compact(paths), 1)
	assert.Len(t, written(t, r, paths[0]), len(patches())+3)
}

func TestPlainVersion(t *testing.T) {
	for version, want := range map[string]string{
		"go1.26.8":                       "go1.26.8",
		"go1.26.8 X:jsonv2":              "go1.26.8",
		"go1.26.8-X:jsonv2,synctest":     "go1.26.8",
		"go1.27rc1 X:nodwarf5":           "go1.27rc1",
		"go1.25.14 X:nocoverageredesign": "go1.25.14",
	} {
		assert.Equal(t, want, plain(version))
	}
}

func TestMerge(t *testing.T) {
	cache, dir := t.TempDir(), t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
		return path
	}
	ours := write("ours.json", `{"Replace":{"/go/src/runtime/proc.go":"/cache/proc.go"}}`)
	write("users.json", `{"Replace":{"x.go":"y.go","gone.go":""}}`)
	path, err := Merge(ours, "users.json", dir, cache)
	require.NoError(t, err)
	merged, err := readReplacements(path)
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"/go/src/runtime/proc.go": "/cache/proc.go", "x.go": "y.go", "gone.go": ""}, merged.Replace)

	_, err = Merge(ours, write("both.json", `{"Replace":{"/go/src/runtime/../runtime/proc.go":"mine.go"}}`), dir, cache)
	assert.ErrorContains(t, err, "which has to be replaced for inherited propagation")
	_, err = Merge(ours, write("broken.json", `{`), dir, cache)
	assert.ErrorContains(t, err, "broken.json: unexpected end of JSON input")
	_, err = Merge(ours, "missing.json", dir, cache)
	assert.ErrorIs(t, err, fs.ErrNotExist)
}

// An overlay that ambient overlay printed, perhaps for another release, adds nothing to the one
// that Merge makes.
func TestMergeWithAnOverlayOfOurs(t *testing.T) {
	r, cache := copied(t), t.TempDir()
	made := func(version, inherit string) string {
		t.Helper()
		r := Release{Root: r.Root, Version: version}
		if inherit != "" {
			rules, err := Patterns(inherit, Inherits)
			require.NoError(t, err)
			r.Rules = rules
		}
		path, err := Write(r, cache)
		require.NoError(t, err)
		return path
	}
	now := made(r.Version, "")
	for name, users := range map[string]string{"the same": now, "of another release": made("go1.25.99", "")} {
		path, err := Merge(now, users, "", cache)
		require.NoError(t, err)
		assert.Equal(t, now, path, name)
	}
	pool := made(r.Version, "example.com/pool")
	path, err := Merge(pool, now, "", cache)
	require.NoError(t, err)
	assert.Equal(t, pool, path, "what is said now is more")
	path, err = Merge(pool, made("go1.25.99", "example.com/pool"), "", cache)
	require.NoError(t, err)
	assert.Equal(t, pool, path)
	_, err = Merge(now, pool, "", cache)
	assert.ErrorContains(t, err, "was made with -inherit=example.com/pool, which this build is not: give it the same flags")

	// Files of the user's own are in it, too.
	mixed, err := readReplacements(made("go1.25.99", ""))
	require.NoError(t, err)
	mixed.Replace["x.go"] = "y.go"
	text, err := json.Marshal(mixed)
	require.NoError(t, err)
	file := filepath.Join(cache, "mixed.json")
	require.NoError(t, os.WriteFile(file, text, 0o644))
	path, err = Merge(now, file, "", cache)
	require.NoError(t, err)
	want, err := readReplacements(now)
	require.NoError(t, err)
	want.Replace["x.go"] = "y.go"
	merged, err := readReplacements(path)
	require.NoError(t, err)
	assert.Equal(t, want, merged)

	require.NoError(t, os.RemoveAll(filepath.Dir(pool)+"/runtime"))
	_, err = Merge(now, pool, "", cache)
	assert.ErrorIs(t, err, fs.ErrNotExist)
}

// The go command does not replace files beneath GOMODCACHE, so a downloaded toolchain gets another
// path.
func TestDownloadedToolchain(t *testing.T) {
	cache := t.TempDir()
	tools := release(t, oldest, cache)
	assert.Equal(t, []string{"GOROOT=" + tools.Root, "GOTOOLCHAIN=local"}, tools.Env)
	assert.True(t, strings.HasPrefix(tools.Root, cache))
	text, err := exec.Command("go", "env", "GOMODCACHE").Output()
	require.NoError(t, err)
	assert.False(t, strings.HasPrefix(tools.Root, strings.TrimSpace(string(text))))
	assert.Equal(t, tools, release(t, oldest, cache), "the link is there")
}
