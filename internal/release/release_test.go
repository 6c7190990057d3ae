package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// small is a repository in the shape of this one: a library, an adapter, another adapter that uses
// it, a command without requirements, and an unpublished module.
var small = map[string]string{
	"LICENSE":      "MIT",
	"CHANGELOG.md": "# Changelog\n\n## [Unreleased]\n\n### Added\n\n- All.\n\n[Unreleased]: https://" + root + "/commits/main\n",
	"go.mod":       "module " + root + "\n\ngo 1.25\n", "go.sum": "",
	"gls/gls.go":          "package gls\n\n// F is 1.\nfunc F() int { return 1 }\n",
	"internal/wire/w.go":  "package wire\n\n// W is 1.\nfunc W() int { return 1 }\n",
	"cmd/ambient/go.mod":  "module " + tool + "\n\ngo 1.25\n",
	"cmd/ambient/go.sum":  "",
	"cmd/ambient/main.go": "package main\n\nfunc main() {}\n",
	"gls/a/go.mod": "module " + root + "/gls/a\n\ngo 1.25\n\nrequire " + root + " v0.0.0\n\nreplace " + root +
		" => ../..\n",
	"gls/a/go.sum":          "",
	"gls/a/a.go":            "package a\n\nimport (\n\t\"" + root + "/gls\"\n\t\"" + root + "/internal/wire\"\n)\n\n// A is 2.\nfunc A() int { return gls.F() + wire.W() }\n",
	"gls/a/example_test.go": "package a_test\n\nimport \"" + root + "/gls/a\"\n\nfunc Example() { a.A() }\n",
	"gls/b/go.mod": "module " + root + "/gls/b\n\ngo 1.25\n\nrequire (\n\t" + root + "/gls/a v0.0.0\n\t" + root +
		" v0.0.0 // indirect\n)\n\nreplace (\n\t" + root + " => ../..\n\t" + root + "/gls/a => ../a\n)\n",
	"gls/b/go.sum":          "",
	"gls/b/b.go":            "package b\n\nimport \"" + root + "/gls/a\"\n\n// B is 2.\nfunc B() int { return a.A() }\n",
	"gls/b/example_test.go": "package b_test\n\nimport \"" + root + "/gls/b\"\n\nfunc Example() { b.B() }\n",
	"benchmarks/go.mod": "module " + root + "/benchmarks\n\ngo 1.25\n\nrequire " + root + " v0.0.0\n\nreplace " + root +
		" => ../\n",
	"benchmarks/go.sum": "",
	"benchmarks/b.go":   "package benchmarks\n\nimport _ \"" + root + "/gls\"\n",
}

// repositoryWith makes a clone with one commit: the small repository with changes.
func repositoryWith(t *testing.T, changed map[string]string) *repository {
	t.Helper()
	t.Setenv("GOFLAGS", "")
	t.Setenv("GOPROXY", "off")
	dir := t.TempDir()
	for _, files := range []map[string]string{small, changed} {
		for name, text := range files {
			write(t, filepath.Join(dir, name), text)
		}
	}
	for _, args := range [][]string{
		{"init", "-q", "-b", "main"}, {"config", "user.name", "test"}, {"config", "user.email", "test@localhost"},
		{"config", "commit.gpgsign", "false"}, {"config", "tag.gpgsign", "false"},
	} {
		_, err := git(dir, args...)
		require.NoError(t, err)
	}
	commit(t, dir)
	r, err := open(dir)
	require.NoError(t, err)
	return r
}

func write(t *testing.T, name, text string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o750))
	require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
}

func commit(t *testing.T, dir string) {
	t.Helper()
	for _, args := range [][]string{{"add", "-A"}, {"commit", "-q", "-m", "change"}} {
		_, err := git(dir, args...)
		require.NoError(t, err)
	}
}

func show(t *testing.T, r *repository, object string) string {
	t.Helper()
	text, err := git(r.dir, "show", object)
	require.NoError(t, err)
	return text
}

func TestReleaseTagsWhatOthersGet(t *testing.T) {
	r := repositoryWith(t, nil)
	require.NoError(t, r.release("v0.1.0", io.Discard))

	tags, err := git(r.dir, "tag")
	require.NoError(t, err)
	assert.Equal(t, []string{"cmd/ambient/v0.1.0", "gls/a/v0.1.0", "gls/b/v0.1.0", "v0.1.0"}, strings.Fields(tags))
	for _, m := range r.published() {
		assert.Equal(t, show(t, r, "v0.1.0^{commit}"), show(t, r, m.tag("v0.1.0")+"^{commit}"), "one commit")
	}
	assert.Contains(t, show(t, r, "v0.1.0:CHANGELOG.md"), "## [Unreleased]\n\n## [0.1.0] - 2")
	assert.Contains(t, show(t, r, "v0.1.0:CHANGELOG.md"), "\n[Unreleased]: https://"+root+"/compare/v0.1.0...HEAD\n[0.1.0]: https://"+
		root+"/releases/tag/v0.1.0")
	mod := show(t, r, "gls/b/v0.1.0:gls/b/go.mod")
	assert.Contains(t, mod, root+"/gls/a v0.1.0\n")
	assert.NotContains(t, mod, "replace")
	assert.Contains(t, show(t, r, "v0.1.0:benchmarks/go.mod"), "=> ../", "not published")

	// The commit after it has the replacements again.
	for _, file := range []string{"gls/a/go.mod", "gls/b/go.mod"} {
		assert.Contains(t, show(t, r, "HEAD:"+file), "replace "+root+" => ../..")
		assert.Contains(t, show(t, r, "HEAD:"+file), root+" v0.1.0")
	}
	assert.Contains(t, show(t, r, "HEAD:gls/b/go.mod"), "/gls/a => ../a")
	assert.Empty(t, show(t, r, "HEAD:gls/b/go.sum"))
	for _, m := range r.modules {
		_, err := command(filepath.Join(r.dir, m.folder), append(os.Environ(), "GOWORK=off"), "go", "list", "-deps", "./...")
		assert.NoError(t, err)
	}
	changes, err := git(r.dir, "status", "--porcelain")
	require.NoError(t, err)
	assert.Empty(t, changes)

	require.ErrorContains(t, r.release("v0.1.0", io.Discard), "v0.1.0 is not above the last one, v0.1.0")
	require.ErrorContains(t, r.release("v0.1.1", io.Discard), "nothing is unreleased")
	assert.Equal(t, "v0.1.1", r.next())
}

func TestWhatIsNoRelease(t *testing.T) {
	r := repositoryWith(t, nil)
	assert.Equal(t, "v0.1.0", r.next())
	for version, want := range map[string]string{
		"0.1.0":  `"0.1.0" is no version such as v0.2.0`,
		"v0.1":   `"v0.1" is no version such as v0.2.0`,
		"v2.0.0": "v2.0.0: the module paths would have to end with /v2",
	} {
		require.EqualError(t, r.release(version, io.Discard), want)
	}
	write(t, filepath.Join(r.dir, "gls", "gls.go"), "package gls\n")
	require.ErrorContains(t, r.release("v0.1.0", io.Discard), "there are changes that are not committed")
	tags, err := git(r.dir, "tag")
	require.NoError(t, err)
	assert.Empty(t, tags)
}

// tried releases a repository and checks one module as check does.
func tried(t *testing.T, r *repository, folder string) error {
	t.Helper()
	const version = "v0.1.0"
	require.NoError(t, r.release(version, io.Discard))
	work := t.TempDir()
	o, err := newOutsider(work, version, func(what string) { t.Log(what) })
	require.NoError(t, err)
	for _, m := range r.published() {
		if err := r.publishable(m, version); err != nil {
			return err
		}
		_, err := r.pack(m, version, m.tag(version), o.proxy)
		require.NoError(t, err)
	}
	for _, m := range r.published() {
		if m.folder != folder {
			continue
		}
		if err := r.loads(m, version, o); err != nil {
			return err
		}
		return o.example(m, filepath.Join(r.dir, folder))
	}
	require.Fail(t, "no module "+folder)
	return nil
}

func TestAnAdapterPasses(t *testing.T) {
	require.NoError(t, tried(t, repositoryWith(t, nil), "gls/b"))
}

func TestAReplaceDirectiveIsFound(t *testing.T) {
	mod := small["gls/a/go.mod"] + "\nreplace example.com/other => ../other\n"
	err := tried(t, repositoryWith(t, map[string]string{"gls/a/go.mod": mod}), "gls/a")
	require.ErrorContains(t, err, "gls/a/go.mod at gls/a/v0.1.0: replace example.com/other: go install refuses it")
}

func TestARequirementOfAModuleThatIsNotPublishedIsFound(t *testing.T) {
	err := tried(t, repositoryWith(t, map[string]string{
		"gls/a/go.mod": "module " + root + "/gls/a\n\ngo 1.25\n\nrequire (\n\t" + root + " v0.0.0\n\t" + root +
			"/benchmarks v0.0.0\n)\n",
	}), "gls/a")
	require.ErrorContains(t, err, root+"/benchmarks@v0.1.0, which is not published")
}

func TestAMissingRequirementIsFound(t *testing.T) {
	err := tried(t, repositoryWith(t, map[string]string{
		"gls/b/go.mod": "module " + root + "/gls/b\n\ngo 1.25\n\nrequire " + root + " v0.0.0\n\nreplace " + root + " => ../..\n",
	}), "gls/b")
	require.ErrorContains(t, err, "module providing package "+root+"/gls/a")
}

func TestAWrongHashIsFound(t *testing.T) {
	r := repositoryWith(t, nil)
	require.NoError(t, r.release("v0.1.0", io.Discard))
	sum := show(t, r, "gls/b/v0.1.0:gls/b/go.sum")
	assert.Equal(t, 4, strings.Count(sum, "\n")+1, sum)
	err := tried(t, repositoryWith(t, map[string]string{
		"gls/b/go.sum": strings.ReplaceAll(sum, " h1:", " h1:A")[:200] + "\n",
	}), "gls/b")
	require.Error(t, err)
}

func TestAnExampleThatDoesNotCompileIsFound(t *testing.T) {
	err := tried(t, repositoryWith(t, map[string]string{
		"gls/b/example_test.go": "package b_test\n\nimport \"" + root + "/gls/b\"\n\nfunc Example() { b.C() }\n",
	}), "gls/b")
	require.ErrorContains(t, err, "undefined: b.C")
}

func TestAnAdapterWithoutAnExampleIsFound(t *testing.T) {
	r := repositoryWith(t, nil)
	require.NoError(t, os.Remove(filepath.Join(r.dir, "gls", "b", "example_test.go")))
	commit(t, r.dir)
	require.ErrorContains(t, tried(t, r, "gls/b"), "gls/b has no example")
}

func TestIncompatibleChangesAreInTheChangelog(t *testing.T) {
	r := repositoryWith(t, nil)
	var out strings.Builder
	require.NoError(t, r.api(&out))
	assert.Contains(t, out.String(), "api: the library: no tag to compare with\n")

	require.NoError(t, r.release("v0.1.0", io.Discard))
	write(t, filepath.Join(r.dir, "gls", "gls.go"), small["gls/gls.go"]+"\n// G is new.\nfunc G() {}\n")
	out.Reset()
	require.NoError(t, r.api(&out))
	assert.Contains(t, out.String(), "api: "+root+"/gls: added: G: added\n")
	assert.Contains(t, out.String(), "api: the library: 1 changes since v0.1.0\n")

	// An older adapter may be built with this library, so the internal packages that it imports
	// count.
	write(t, filepath.Join(r.dir, "internal", "wire", "w.go"), "package wire\n\n// W is 1.\nfunc W(int) int { return 1 }\n")
	write(t, filepath.Join(r.dir, "gls", "a", "a.go"), strings.Replace(small["gls/a/a.go"], "W()", "W(1)", 1))
	out.Reset()
	require.ErrorContains(t, r.api(&out), "what is incompatible is not in CHANGELOG.md")
	assert.Contains(t, out.String(), "api: "+root+"/internal/wire: INCOMPATIBLE: W: changed from func() int to func(int) int\n")

	text, err := os.ReadFile(filepath.Join(r.dir, "CHANGELOG.md"))
	require.NoError(t, err)
	write(t, filepath.Join(r.dir, "CHANGELOG.md"), strings.Replace(string(text), "\n## [0.1.0]", "\n### Changed\n\n- W.\n\n## [0.1.0]", 1))
	require.NoError(t, r.api(io.Discard))
}

func TestLicencesAreKnownAndFree(t *testing.T) {
	dir := t.TempDir()
	_, err := licenceOf(dir)
	require.ErrorContains(t, err, "no licence in ")
	write(t, filepath.Join(dir, "LICENSE"), "All rights reserved.\n")
	_, err = licenceOf(dir)
	require.ErrorContains(t, err, "LICENSE is of no licence that is known")
	mit, err := os.ReadFile(filepath.Join("..", "..", "LICENSE"))
	require.NoError(t, err)
	write(t, filepath.Join(dir, "LICENSE"), string(mit))
	id, err := licenceOf(dir)
	require.NoError(t, err)
	assert.Equal(t, "MIT", id)
	write(t, filepath.Join(dir, "LICENSE.more"), "Ask the lawyer.\n")
	_, err = licenceOf(dir)
	require.ErrorContains(t, err, "LICENSE.more is of no licence that is known")
	require.NoError(t, os.Remove(filepath.Join(dir, "LICENSE.more")))
	write(t, filepath.Join(dir, "COPYING"), "This program is free software: you can redistribute it and/or modify it under the "+
		"terms of the GNU General Public License as published by the Free Software Foundation, either version 3 of the License, "+
		"or (at your option) any later version.\n")
	_, err = licenceOf(dir)
	require.ErrorContains(t, err, "licence GPL-3.0-or-later is not one of Apache-2.0")
}
