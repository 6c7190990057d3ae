package overlay

import (
	_ "embed"
	"go/version"
	"slices"
	"strings"
)

// The Makefile reads the list, too, by .ci/toolchains.
//
//go:embed source/releases.txt
var releasesText string

// Tested returns a patch release of each Go release with which all tests run, in both builds, the
// oldest first: "go1.25.14".
func Tested() (patches []string) {
	for line := range strings.Lines(releasesText) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			patches = append(patches, line)
		}
	}
	return patches
}

// IsTested reports whether goversion, a GOVERSION, is a patch release of a tested Go release.
// Release candidates and development versions are not.
func IsTested(goversion string) bool {
	v := plain(goversion)
	lang := version.Lang(v)
	return version.Compare(v, lang+".0") >= 0 && slices.ContainsFunc(Tested(), func(patch string) bool {
		return version.Lang(patch) == lang
	})
}
