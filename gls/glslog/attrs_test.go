package glslog_test

import (
	"context"
	"log/slog"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glslog"
)

// attrs returns the attributes in force as one text.
func attrs() string {
	text := ""
	for _, a := range glslog.Attrs() {
		text += a.String() + " "
	}
	return text
}

func TestAttrsAreAddedToThoseInForce(t *testing.T) {
	assert.Nil(t, glslog.Attrs())
	glslog.Run(func() {
		assert.Equal(t, "a=1 b=1 ", attrs())
		glslog.Run(func() {
			assert.Equal(t, "a=1 c=2 b=2 ", attrs(), "the later wins, in its place")
			glslog.Run(func() { assert.Equal(t, "a=1 c=2 b=2 ", attrs()) })
			gls.Isolate(func() { assert.Nil(t, glslog.Attrs()) })
		}, slog.Int("c", 2), slog.Int("b", 2))
		assert.Equal(t, "a=1 b=1 ", attrs())
	}, slog.Int("a", 0), slog.Int("a", 1), slog.Int("b", 1))
	assert.Nil(t, glslog.Attrs())
	glslog.Run(func() { assert.Empty(t, glslog.Attrs()) })
}

// A binding adds where it is bound: one that was made in another flow brings nothing of that with it.
func TestWithAddsWhereItIsBound(t *testing.T) {
	var b gls.Binding
	var of gls.Snapshot
	glslog.Run(func() { b = glslog.With(slog.Int("b", 1)) }, slog.String("user", "ada"))
	glslog.Run(func() {
		of = gls.Capture()
		gls.Run(func() { assert.Equal(t, "user=grace b=1 ", attrs()) }, b)
	}, slog.String("user", "grace"))
	gls.Run(func() { assert.Equal(t, "b=1 ", attrs()) }, b)
	gls.Run(func() { assert.Equal(t, "a=2 b=1 c=4 ", attrs()) },
		glslog.With(slog.Int("a", 1)), glslog.With(slog.Int("a", 2)), b, glslog.With(slog.Int("c", 4)))
	glslog.Run(func() {
		of.With(b, glslog.With(slog.Int("c", 1))).Run(func() { assert.Equal(t, "user=grace b=1 c=1 ", attrs()) })
		of.Run(func() { assert.Equal(t, "user=grace ", attrs()) })
		assert.Equal(t, "user=ada ", attrs())
	}, slog.String("user", "ada"))
}

func TestAttrsTravelWithTheFlow(t *testing.T) {
	other := gls.New[int]("other")
	gls.Run(func() {
		check := func() { assert.Equal(t, "a=1 ", attrs()) }
		join(gls.Go, check)
		join(gls.Capture().Go, check)
		bound := gls.Bind(check)
		ctx := gls.NewContext(context.Background(), gls.Capture())
		gls.Isolate(func() {
			bound()
			gls.Resume(ctx, check)
			gls.Resume(context.Background(), func() { assert.Nil(t, glslog.Attrs()) })
		})
		join(gls.Go, func() { glslog.Run(func() { assert.Equal(t, "a=1 b=2 ", attrs()) }, slog.Int("b", 2)) })
		other.Exit(check)
		check()
		join(plain, func() {
			if gls.Propagation() == gls.Inherited {
				check()
			} else {
				assert.Nil(t, glslog.Attrs())
			}
		})
	}, other.With(1), glslog.With(slog.Int("a", 1)))
}

func TestRunEndsHoweverItsFunctionEnds(t *testing.T) {
	value := new(int)
	glslog.Run(func() {
		assert.Same(t, value, panicOf(func() { glslog.Run(func() { panic(value) }, slog.Int("b", 2)) }))
		assert.Equal(t, "a=1 ", attrs())
	}, slog.Int("a", 1))
	join(plain, func() {
		defer func() { assert.Nil(t, glslog.Attrs()) }()
		gls.Isolate(func() { glslog.Run(runtime.Goexit, slog.Int("b", 2)) })
	})
	assert.Equal(t, "glslog.Run: nil function", panicOf(func() { glslog.Run(nil, slog.Int("a", 1)) }))
}

// What the caller does to its slices changes nothing.
func TestAttrsAreCopies(t *testing.T) {
	given := []slog.Attr{slog.Int("a", 1), slog.Int("b", 2)}
	b := glslog.With(given...)
	given[0] = slog.Int("x", 9)
	gls.Run(func() {
		got := glslog.Attrs()
		got[1] = slog.Int("y", 9)
		_ = append(got, slog.Int("z", 9))
		assert.Equal(t, "a=1 b=2 ", attrs())
		glslog.Run(func() { assert.Equal(t, "b=2 a=3 ", attrs()) }, slog.Int("a", 3))
		assert.Equal(t, "a=1 b=2 ", attrs())
	}, b)
}

// Attributes that slog leaves out or takes apart.
func TestAttrsWithoutAKey(t *testing.T) {
	glslog.Run(func() { assert.Equal(t, "g=[d=4] a=3 b=2 ", attrs()) },
		slog.Attr{}, slog.Int("a", 1), slog.Group("g", slog.Int("c", 3)), slog.Group("g", slog.Int("d", 4)),
		slog.Group("", slog.Int("a", 3), slog.Attr{}, slog.Group("", slog.Int("b", 2))))
	glslog.Run(func() { assert.Len(t, glslog.Attrs(), 2) }, slog.Any("", 1), slog.Any("", []int{1}))
}

func TestAttrsConcurrently(t *testing.T) {
	b := glslog.With(slog.Int("b", 1))
	glslog.Run(func() {
		var group gls.WaitGroup
		for range 20 {
			group.Go(func() {
				for range 50 {
					gls.Run(func() { assert.Equal(t, "a=1 b=1 ", attrs()) }, b)
					assert.Equal(t, "a=1 ", attrs())
				}
			})
		}
		group.Wait()
	}, slog.Int("a", 1))
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() { gls.Run(func() { assert.Equal(t, "b=1 ", attrs()) }, b) })
	}
	group.Wait()
}
