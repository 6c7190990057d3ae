package overlay

import (
	"go/version"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestTestedReleasesAreInOrder(t *testing.T) {
	all := Tested()
	assert.NotEmpty(t, all)
	assert.True(t, slices.IsSortedFunc(all, version.Compare), all)
	for i, patch := range all {
		assert.True(t, version.IsValid(patch), patch)
		assert.True(t, IsTested(patch))
		assert.NotEqual(t, version.Lang(patch), patch, "name a patch, as in go1.25.0")
		if i > 0 {
			assert.NotEqual(t, version.Lang(all[i-1]), version.Lang(patch), "one patch of a release")
		}
	}
}

func TestPatchesOfTestedReleasesAreTested(t *testing.T) {
	newest := version.Lang(Tested()[len(Tested())-1])
	for goversion, want := range map[string]bool{
		newest + ".0":                   true,
		newest + ".99":                  true,
		newest + ".1 X:jsonv2":          true,
		newest + ".1-X:jsonv2":          true,
		newest + "rc1":                  false,
		newest + "-devel_0123 Tue":      false,
		"devel " + newest + "-0123 Tue": false,
		"go1.99.0":                      false,
		"go1.1":                         false,
		"go2.0":                         false,
		"":                              false,
		"gccgo 16":                      false,
	} {
		assert.Equal(t, want, IsTested(goversion), goversion)
	}
}
