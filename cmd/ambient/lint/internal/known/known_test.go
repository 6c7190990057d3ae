package known_test

import (
	"go/types"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/known"
)

func TestPath(t *testing.T) {
	for path, want := range map[string]string{
		known.GLS:                                     known.GLS,
		"example.com/app/vendor/" + known.GLS:         known.GLS,
		"vendor/golang.org/x/net/http/httpguts":       "golang.org/x/net/http/httpguts",
		known.GLS + " [" + known.GLS + ".test]":       known.GLS,
		"example.com/vendors/" + known.GLS:            "example.com/vendors/" + known.GLS,
		"a/vendor/b/vendor/" + known.HTTPCtx + " [x]": known.HTTPCtx,
	} {
		assert.Equal(t, want, known.Path(types.NewPackage(path, "p")))
	}
	assert.Empty(t, known.Path(nil))
}

func TestOwn(t *testing.T) {
	for path, want := range map[string]bool{
		known.GLS:                               true,
		known.GLS + "_test":                     true,
		known.GLS + "/glstest_test":             true,
		known.HTTPCtx:                           true,
		known.Module + "/internal/frame":        true,
		known.Module + "/cmd/quickstart":        false,
		known.Module + "/glsother":              false,
		"example.com/gls":                       false,
		known.GLS + " [" + known.GLS + ".test]": true,
	} {
		assert.Equal(t, want, known.Own(types.NewPackage(path, "p")), path)
	}
}

func TestFunction(t *testing.T) {
	function := func(path, pkg, name string) *types.Func {
		return types.NewFunc(0, types.NewPackage(path, pkg), name, types.NewSignatureType(nil, nil, nil, nil, nil, false))
	}
	name, does := known.Function(function("a/vendor/"+known.GLS, "gls", "Resume"))
	assert.Equal(t, "gls.Resume", name)
	assert.True(t, does.Brings)
	assert.Equal(t, 1, known.RunsHere(function(known.GLS, "gls", "Resume")))
	assert.Equal(t, 0, known.RunsHere(function(known.GLS+"/glslog", "glslog", "Run")))
	assert.Equal(t, -1, known.RunsHere(function(known.GLS, "gls", "Go")))
	for _, other := range []*types.Func{
		nil, function("example.com/gls", "gls", "Go"), function(known.GLS+"/glstest", "glstest", "Strict"), function(known.GLS, "main", "Go"),
	} {
		name, does := known.Function(other)
		assert.Empty(t, name)
		assert.Zero(t, does)
		assert.Equal(t, -1, known.RunsHere(other))
	}
}

func TestConcerns(t *testing.T) {
	gls := types.NewPackage("a/vendor/"+known.GLS, "gls")
	wrapper := types.NewPackage("wrapper", "wrapper")
	wrapper.SetImports([]*types.Package{gls, wrapper})
	user := types.NewPackage("user", "user")
	user.SetImports([]*types.Package{types.NewPackage("fmt", "fmt"), wrapper})
	assert.True(t, known.Concerns(user, known.HTTPCtx, known.GLS), "through another package")
	assert.False(t, known.Concerns(user, known.HTTPCtx))
	assert.False(t, known.Concerns(nil, known.GLS))
}

func TestDocIsWhatStandsUnderItsHeading(t *testing.T) {
	const source = `// Package x defines.
//
// # Analyzer x
//
// x: find something
//
//	// WRONG
//	x()
package x
`
	assert.Equal(t, "x: find something\n\n\t// WRONG\n\tx()", known.Doc(source, "x"))
	assert.PanicsWithValue(t, "known.Doc: no heading for analyzer y", func() { known.Doc(source, "y") })
	assert.Panics(t, func() { known.Doc("// not Go", "x") })
}
