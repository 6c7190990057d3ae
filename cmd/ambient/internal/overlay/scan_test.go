package overlay

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestStdHasNoGoStatementWithoutAClass(t *testing.T) {
	for _, name := range releases {
		t.Run("release "+name, func(t *testing.T) {
			tools := release(t, name, t.TempDir())
			unknown, err := Unknown(tools.Release)
			require.NoError(t, err)
			for _, s := range unknown {
				t.Errorf("%s: %s in %s has no class in source/std.txt", s.Position, s.Starts, s.Function)
			}
		})
	}
}

func TestUnknownFindsWhatAReleaseAdds(t *testing.T) {
	root := t.TempDir()
	write := func(name, text string) {
		name = filepath.Join(root, "src", filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o755))
		require.NoError(t, os.WriteFile(name, []byte(text), 0o644))
	}
	write("sync/waitgroup.go", "package sync\ntype WaitGroup struct{}\nfunc (wg *WaitGroup) Go(f func()) { go f() }\n")
	write("cmd/x/x.go", "package main\nfunc main() { go main() }\n")
	write("sync/x_test.go", "package sync\nfunc f() { go f() }\n")
	write("sync/testdata/x.go", "package sync\nfunc f() { go f() }\n")
	unknown, err := Unknown(Release{Root: root})
	require.NoError(t, err)
	assert.Empty(t, unknown)

	write("sync/pool.go", `package sync

import "time"

type Pool[T any] struct{}

func (p *Pool[T]) start() { time.AfterFunc(1, func() { go p.start() }) }

func (p Pool[T]) stop() { go p.stop() }

var _ = func() { go println() }
`)
	unknown, err = Unknown(Release{Root: root})
	require.NoError(t, err)
	var found []string
	for _, s := range unknown {
		found = append(found, s.Starts+" "+s.Function)
	}
	assert.Equal(t, []string{"time.AfterFunc sync.(*Pool).start", "go sync.(*Pool).start", "go sync.Pool.stop", "go sync.init"}, found)

	// The function has a class for one statement and here has two.
	write("sync/waitgroup.go", "package sync\ntype WaitGroup struct{}\nfunc (wg *WaitGroup) Go(f func()) { go f(); go f() }\n")
	unknown, err = Unknown(Release{Root: root})
	require.NoError(t, err)
	assert.Len(t, unknown, 6)
}

func TestRulesAreWellFormed(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range Std() {
		assert.Contains(t, []Class{Inherits, During, Caller, Nothing}, r.Class, r.Function)
		assert.NotEmpty(t, r.Reason, r.Function)
		assert.NotEmpty(t, r.Counts, r.Function)
		assert.False(t, seen[r.Starts+r.Function], "%s %s stands twice", r.Starts, r.Function)
		seen[r.Starts+r.Function] = true
	}
	for _, r := range Modules() {
		assert.Contains(t, []Class{Inherits, Caller}, r.Class)
		assert.NotEqual(t, r.Function == "", r.Package == "")
		assert.False(t, seen[r.Function+r.Package], r)
		seen[r.Function+r.Package] = true
	}
}

func TestPatterns(t *testing.T) {
	texts := func(list string) (all []string) {
		rules, err := Patterns(list, Inherits)
		require.NoError(t, err)
		for _, r := range rules {
			text := r.Function
			if r.Package != "" {
				text = "package " + r.Package
			}
			if r.Tree {
				text += "/..."
			}
			all = append(all, text)
		}
		return all
	}
	assert.Equal(t, []string{"package example.com/pool"}, texts("example.com/pool"))
	assert.Equal(t, []string{"package example.com/pool/...", "package main"}, texts("example.com/pool/..., main"))
	assert.Equal(t, []string{"package example.com/pool.Start", "example.com/pool.Start"}, texts("example.com/pool.Start"))
	assert.Equal(t, []string{"package example.com/pool.Pool.Submit", "example.com/pool.Pool.Submit", "example.com/pool.(*Pool).Submit", "example.com/pool%2ePool.Submit"},
		texts("example.com/pool.Pool.Submit"))
	assert.Contains(t, texts("gopkg.in/yaml.v3.Unmarshal"), "gopkg.in/yaml%2ev3.Unmarshal")
	assert.Contains(t, texts("gopkg.in/yaml.v3.Decoder.Decode"), "gopkg.in/yaml%2ev3.(*Decoder).Decode")
	assert.Equal(t, []string{"package example.com/pool.(*Pool).Submit", "example.com/pool.(*Pool).Submit"},
		texts("example.com/pool.(*Pool).Submit"))
	assert.Contains(t, literals([]Rule{{Package: "gopkg.in/yaml.v3", Class: Inherits}}), `"gopkg.in/yaml.v3", ambientPackage`)
	for _, bad := range []string{"", "a,", "./pool", "-race", "a b"} {
		_, err := Patterns(bad, Inherits)
		assert.ErrorContains(t, err, "names no package and no function", bad)
	}
}
