package errgroup_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"reflect"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	xsync "golang.org/x/sync/errgroup"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/errgroup"
)

// A group is what the users of both packages have.
type group interface {
	Go(f func() error)
	TryGo(f func() error) bool
	Wait() error
	SetLimit(n int)
}

var user = gls.New[string]("user")

var errWork = errors.New("work failed")

func TestBuildIsTheExpectedOne(t *testing.T) {
	if want := os.Getenv("AMBIENT_EXPECT"); want != "" {
		assert.Equal(t, want, gls.Propagation().String())
	}
}

func TestOnlyTheImportPathChanges(t *testing.T) {
	theirs, ours := reflect.TypeFor[*xsync.Group](), reflect.TypeFor[*errgroup.Group]()
	assert.Equal(t, theirs.NumMethod(), ours.NumMethod())
	for i := range theirs.NumMethod() {
		name := theirs.Method(i).Name
		m, ok := ours.MethodByName(name)
		require.True(t, ok, name)
		method := func(typ reflect.Type, m reflect.Method) reflect.Type {
			return reflect.Zero(typ).Method(m.Index).Type()
		}
		assert.Equal(t, method(theirs, theirs.Method(i)), method(ours, m), name)
	}
}

// Users is how many flows are in a group of their own at once.
const users = 2000

func TestEachFunctionRunsAsItsCallerUnderLoad(t *testing.T) {
	const each = 4
	var foreign, lost, seen atomic.Int64
	read := func(name string) {
		switch got, ok := user.Get(); {
		case !ok:
			lost.Add(1)
		case got != name:
			foreign.Add(1)
		default:
			seen.Add(1)
		}
	}
	var inside, all sync.WaitGroup
	inside.Add(users * each)
	for i := range users {
		all.Go(func() {
			name := fmt.Sprint("user-", i)
			user.Run(name, func() {
				g := new(errgroup.Group)
				if i%2 == 0 {
					g, _ = errgroup.WithContext(t.Context())
				}
				for k := range each {
					start := g.Go
					if k%2 == 0 {
						start = func(f func() error) { assert.True(t, g.TryGo(f)) }
					}
					start(func() error {
						inside.Done()
						inside.Wait() // until all functions of all users run
						read(name)
						user.Run("somebody else", runtime.Gosched)
						read(name)
						return nil
					})
				}
				assert.NoError(t, g.Wait())
				read(name)
			})
		})
	}
	all.Wait()
	assert.Zero(t, foreign.Load(), "foreign")
	assert.Zero(t, lost.Load(), "lost")
	assert.EqualValues(t, users*(2*each+1), seen.Load())
}

func TestAFunctionSeesTheFrameOfTheCallThoughItWaitsForTheLimit(t *testing.T) {
	var g errgroup.Group
	g.SetLimit(1)
	first, waiting := make(chan struct{}), make(chan struct{})
	g.Go(func() error { <-first; return nil })
	var got string
	go func() {
		defer close(waiting)
		user.Run("Ada", func() {
			g.Go(func() error { got, _ = user.Get(); return nil })
		})
	}()
	assert.False(t, g.TryGo(func() error { t.Error("ran over the limit"); return nil }))
	close(first)
	<-waiting
	require.NoError(t, g.Wait())
	assert.Equal(t, "Ada", got)
}

func TestAGroupOfOneFlowRunsTheFunctionsOfAnotherAsThatOne(t *testing.T) {
	var g *errgroup.Group
	user.Run("Ada", func() { g, _ = errgroup.WithContext(t.Context()) })
	var bob, nobody string
	user.Run("Bob", func() { g.Go(func() error { bob, _ = user.Get(); return nil }) })
	g.Go(func() error { nobody, _ = user.Get(); return nil })
	require.NoError(t, g.Wait())
	assert.Equal(t, "Bob", bob)
	assert.Empty(t, nobody)
}

func TestNothingSetTravelsToo(t *testing.T) {
	user.Run("Ada", func() {
		var g errgroup.Group
		gls.Isolate(func() {
			g.Go(func() error {
				assert.Equal(t, gls.Snapshot{}, gls.Capture())
				return nil
			})
		})
		require.NoError(t, g.Wait())
	})
}

func TestTheAmbientContextIsTheCallersUnlessGoIsCalledInAnother(t *testing.T) {
	type key struct{}
	outer := context.WithValue(t.Context(), key{}, "outer")
	gls.RunContext(outer, func() {
		g, ctx := errgroup.WithContext(context.Background())
		g.Go(func() error {
			assert.Equal(t, outer, gls.Context())
			return nil
		})
		gls.RunContext(ctx, func() {
			g.Go(func() error {
				assert.Equal(t, ctx, gls.Context())
				return errWork
			})
			g.Go(func() error {
				<-ctx.Done()
				assert.ErrorIs(t, gls.Context().Err(), context.Canceled)
				return nil
			})
		})
		assert.Equal(t, errWork, g.Wait())
	})
}

// Both groups go through the same story, so that a difference from x/sync is seen.
func TestErrorsLimitsAndCancellationAreThoseOfXSync(t *testing.T) {
	makers := map[string]func(ctx context.Context) (zero, made group, derived context.Context){
		"x/sync": func(ctx context.Context) (group, group, context.Context) {
			made, derived := xsync.WithContext(ctx)
			return new(xsync.Group), made, derived
		},
		"gls": func(ctx context.Context) (group, group, context.Context) {
			made, derived := errgroup.WithContext(ctx)
			return new(errgroup.Group), made, derived
		},
	}
	for name, groups := range makers {
		t.Run(name, func(t *testing.T) {
			zero, made, ctx := groups(t.Context())
			require.NoError(t, zero.Wait(), "a group without functions")

			zero.Go(func() error { return errWork })
			assert.Equal(t, errWork, zero.Wait())
			zero.Go(func() error { return errors.New("too late") })
			assert.Equal(t, errWork, zero.Wait(), "the first error stays")

			made.Go(func() error { return errWork })
			<-ctx.Done()
			assert.Equal(t, errWork, context.Cause(ctx))
			assert.Equal(t, errWork, made.Wait())

			_, made, ctx = groups(t.Context())
			require.NoError(t, ctx.Err())
			require.NoError(t, made.Wait())
			assert.ErrorIs(t, ctx.Err(), context.Canceled, "Wait ends the context")

			zero, _, _ = groups(t.Context())
			zero.SetLimit(0)
			assert.False(t, zero.TryGo(func() error { return nil }))
			zero.SetLimit(2)
			stop := make(chan struct{})
			wait := func() error { <-stop; return nil }
			assert.True(t, zero.TryGo(wait))
			assert.True(t, zero.TryGo(wait))
			assert.False(t, zero.TryGo(wait))
			assert.PanicsWithError(t, "errgroup: modify limit while 2 goroutines in the group are still active",
				func() { zero.SetLimit(3) })
			close(stop)
			require.NoError(t, zero.Wait())
			zero.SetLimit(-1)
			assert.True(t, zero.TryGo(func() error { return nil }))
			require.NoError(t, zero.Wait())

			zero.Go(func() error { runtime.Goexit(); return errWork })
			require.NoError(t, zero.Wait(), "Goexit is no error")
		})
	}
}

func TestNilFunctionsPanicAtTheCallAndChangeNothing(t *testing.T) {
	var g errgroup.Group
	g.SetLimit(1)
	assert.PanicsWithValue(t, "errgroup.Group.Go: nil function", func() { g.Go(nil) })
	assert.PanicsWithValue(t, "errgroup.Group.TryGo: nil function", func() { g.TryGo(nil) })
	assert.True(t, g.TryGo(func() error { return nil }), "the limit is as it was")
	require.NoError(t, g.Wait())
}

func TestAPanicInAFunctionEndsTheProcess(t *testing.T) {
	if os.Getenv("ERRGROUP_CRASH") != "" {
		var g errgroup.Group
		g.Go(func() error { panic("in a function") })
		select {} // Wait returns while the panic is on its way
	}
	exe, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.Command(exe, "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), "ERRGROUP_CRASH=1")
	out, err := cmd.CombinedOutput()
	require.Error(t, err)
	assert.Contains(t, string(out), "panic: in a function")
	assert.Contains(t, string(out), "TestAPanicInAFunctionEndsTheProcess.func1", "the stack of the function")
}
