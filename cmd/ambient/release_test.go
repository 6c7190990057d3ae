package main

import (
	goversion "go/version"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/cmd/ambient/internal/overlay"
)

// Files that name the tested releases agree with the list.
func TestTestedReleasesAreNamedAlike(t *testing.T) {
	var all []string
	for _, patch := range overlay.Tested() {
		all = append(all, strings.TrimPrefix(goversion.Lang(patch), "go"))
	}
	oldest, last := all[0], len(all)-1
	contains := func(file, text string) {
		t.Helper()
		content, err := os.ReadFile(filepath.Join(repository, filepath.FromSlash(file)))
		require.NoError(t, err)
		assert.Contains(t, string(content), text, file)
	}
	contains("README.md", "Go "+strings.Join(all[:last], ", ")+" and "+all[last]+" are supported and tested")
	contains("CONTRIBUTING.md", "are supported: "+strings.Join(all[:last], ", ")+" and "+all[last]+" today")
	contains("go.mod", "\ngo "+oldest)
	// The comment names the releases whose linker was read.
	contains("internal/carrier/inherited.go", "checked with Go "+oldest+" to "+all[last])
}

func TestUntestedReleaseNamesTheRemedy(t *testing.T) {
	for _, patch := range overlay.Tested() {
		assert.Empty(t, untested(patch))
	}
	newest := overlay.Tested()[len(overlay.Tested())-1]
	text := untested("go1.99rc1")
	assert.Contains(t, text, "go1.99rc1 is none of the Go releases")
	assert.Contains(t, text, "GOTOOLCHAIN="+newest)
	assert.NotContains(t, text, "\n")
}
