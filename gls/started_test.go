package gls_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/gls"
)

// line is the position of its caller, moved by so many lines.
func line(offset int) string {
	_, file, n, _ := runtime.Caller(1)
	return fmt.Sprint(filepath.Base(file), ":", n+offset)
}

func TestErrorNamesTheLineThatCalledGo(t *testing.T) {
	if runtime.GOARCH != "amd64" && runtime.GOARCH != "arm64" {
		t.Skip("the caller of gls.Go is known on amd64 and arm64")
	}
	skipUnlessOptimized(t)
	set, unset := gls.New[int]("set"), gls.New[int]("unset")
	errs := make(chan error, 1)
	ask := func() {
		_, err := unset.Lookup()
		errs <- err
	}
	inlined := func() { gls.Go(ask) }
	for name, start := range map[string]func() (at string){
		"Go":          func() string { gls.Go(ask); return line(0) },
		"Snapshot.Go": func() string { gls.Capture().Go(ask); return line(0) },
		"in a loop": func() string {
			for range 1 {
				gls.Go(ask)
			}
			return line(-2)
		},
		"inlined": func() string { inlined(); return line(-10) },
		"go of a bound function": func() string {
			go gls.Bind(ask)()
			return line(-1)
		},
	} {
		t.Run(name, func(t *testing.T) {
			set.Run(1, func() {
				at := start()
				var e *gls.NotSetError
				require.ErrorAs(t, <-errs, &e)
				assert.True(t, strings.HasPrefix(e.StartedAt, "github.com/ambient-go/ambient/gls_test."), e.StartedAt)
				assert.Contains(t, e.StartedAt, "/"+at+")")
				assert.Equal(t, name != "go of a bound function", e.Carried)
				assert.Contains(t, e.Error(), "in "+e.StartedAt)
				assert.False(t, e.Lost)
			})
		})
	}
}

// A goroutine that Go started stays known as one in every build, and where nothing was set and Go is a plain go statement.
func TestErrorSaysThatGoCarriedWhatThereWas(t *testing.T) {
	unset := gls.New[int]("unset")
	for range 3 {
		errs := make(chan error, 1)
		gls.Go(func() { _, err := unset.Lookup(); errs <- err })
		var e *gls.NotSetError
		require.True(t, errors.As(<-errs, &e))
		assert.True(t, e.Carried)
		assert.NotEmpty(t, e.StartedAt)
	}
	errs := make(chan error, 1)
	go func() { _, err := unset.Lookup(); errs <- err }()
	var e *gls.NotSetError
	require.True(t, errors.As(<-errs, &e))
	assert.False(t, e.Carried)
}

// What the README says of dumps.
func TestDumpLeadsToTheLineThatCalledGo(t *testing.T) {
	const asked = `(?m)^created by github.com/ambient-go/ambient/gls_test\.init\S* in goroutine \d+\n\s.*/crash_test\.go:\d+ `
	output, _ := crash(t, "go Bind")
	assert.Regexp(t, asked, output)
	output, _ = crash(t, "Go")
	assert.Regexp(t, `(?m)^created by github.com/ambient-go/ambient/gls\.Go in goroutine`, output)

	t.Setenv("GODEBUG", "tracebackancestors=1")
	output, _ = crash(t, "Go")
	_, ancestors, ok := strings.Cut(output, "[originating from goroutine ")
	require.True(t, ok, output)
	assert.Regexp(t, `(?m)ambient/gls\.Go\(.*\n.*\n\S*gls_test\.init\S*\(.*\n\s.*/crash_test\.go:\d+ `, ancestors)
}
