package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// repository is the folder that the rows' folders are in.
var repository = filepath.Join("..", "..")

func TestEachLibraryHasItsFolder(t *testing.T) {
	for _, l := range libraryRows {
		files, err := filepath.Glob(filepath.Join(repository, l.folder, "*.go"))
		require.NoError(t, err)
		assert.NotEmpty(t, files, "%s: there is no package in %s", l.path, l.folder)
	}
}

func TestEachLibrarySaysWhatToWrite(t *testing.T) {
	seen := map[string]bool{}
	for _, l := range libraryRows {
		assert.NotEmpty(t, l.write, l.path)
		assert.False(t, seen[l.path], "%s has two rows", l.path)
		seen[l.path] = true
		if recipe := strings.Contains(l.folder, "/recipes/"); !recipe {
			assert.Contains(t, l.write, filepath.Base(strings.TrimSuffix(l.folder, "/")), l.folder)
		}
	}
}

// Each module below gls/ and httpctx/, and each package of recipes, is in a row.
func TestEachAdapterHasALibrary(t *testing.T) {
	named := map[string]bool{
		"gls/glssql/dbtest": true, // tests of gls/glssql alone
	}
	for _, l := range libraryRows {
		named[l.folder] = true
	}
	for _, top := range []string{"gls", "httpctx"} {
		err := filepath.WalkDir(filepath.Join(repository, top), func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.IsDir() {
				return err
			}
			folder, err := filepath.Rel(repository, path)
			if err != nil {
				return err
			}
			folder = filepath.ToSlash(folder)
			_, err = os.Stat(filepath.Join(path, "go.mod"))
			switch {
			case strings.HasSuffix(folder, "/internal"), strings.HasSuffix(folder, "/testdata"):
				return fs.SkipDir
			case strings.HasSuffix(folder, "/recipes"):
				return nil // its packages count
			case err == nil, strings.Contains(folder, "/recipes/"):
				assert.True(t, named[folder], "%s is named for no library", folder)
			}
			return nil
		})
		require.NoError(t, err)
	}
}

// The parts that start with nothing are named in a build with inheritance alone.
func TestLibrariesOfABuildWithInheritance(t *testing.T) {
	t.Chdir(t.TempDir())
	const mod = "module m\n\ngo 1.25\n\nrequire (\n" +
		"\tgithub.com/robfig/cron/v3 v3.0.1\n\tgo.uber.org/zap v1.0.0\n\tgoogle.golang.org/grpc v1.0.0 // indirect\n)\n"
	require.NoError(t, os.WriteFile("go.mod", []byte(mod), 0o600))
	lines := func(inherited bool) string {
		var out strings.Builder
		r := &report{w: &out, modules: []string{"."}, inherited: inherited}
		r.libraries()
		assert.Empty(t, r.wrong)
		return out.String()
	}
	explicit := lines(false)
	assert.Contains(t, explicit, "github.com/robfig/cron/v3: recipe gls/recipes/cron: ")
	assert.NotContains(t, explicit, "start with nothing")
	assert.NotContains(t, explicit, "grpc")
	inherited := lines(true)
	assert.Contains(t, inherited, "gls.Isolate(c.Start); these start with nothing: jobs\n")
	assert.Contains(t, inherited, "go.uber.org/zap: module gls/glszap: zap.NewProduction(glszap.WrapCore())\n")
}
