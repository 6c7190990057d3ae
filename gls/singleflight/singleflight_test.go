package singleflight_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"reflect"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	xsync "golang.org/x/sync/singleflight"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/singleflight"
)

var user = gls.New[string]("user")

func TestBuildIsTheExpectedOne(t *testing.T) {
	if want := os.Getenv("AMBIENT_EXPECT"); want != "" {
		assert.Equal(t, want, gls.Propagation().String())
	}
}

func TestOnlyTheImportPathChanges(t *testing.T) {
	theirs, ours := reflect.TypeFor[*xsync.Group](), reflect.TypeFor[*singleflight.Group]()
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

// A way is one of the methods that call a function.
type way struct {
	name     string
	asCaller bool
	do       func(g *singleflight.Group, key string, fn func() (any, error)) (v any, err error, shared bool)
}

type doChan = func(g *singleflight.Group, key string, fn func() (any, error)) <-chan singleflight.Result

var ways = []way{
	{"Do", false, (*singleflight.Group).Do},
	{"DoChan", false, received((*singleflight.Group).DoChan)},
	{"DoAsCaller", true, (*singleflight.Group).DoAsCaller},
	{"DoChanAsCaller", true, received((*singleflight.Group).DoChanAsCaller)},
}

func received(do doChan) func(*singleflight.Group, string, func() (any, error)) (any, error, bool) {
	return func(g *singleflight.Group, key string, fn func() (any, error)) (any, error, bool) {
		r := <-do(g, key, fn)
		return r.Val, r.Err, r.Shared
	}
}

// Users is how many flows ask at once, for one of keys keys.
const users, keys = 2000, 50

func TestUnderLoadTheFunctionIsNobodysOrItsCallers(t *testing.T) {
	for _, w := range ways {
		t.Run(w.name, func(t *testing.T) {
			var g singleflight.Group
			var foreign, lost, ran atomic.Int64
			var asking, all sync.WaitGroup
			asking.Add(users)
			read := func(name string) {
				switch got, ok := user.Get(); {
				case !ok:
					lost.Add(1)
				case got != name:
					foreign.Add(1)
				}
			}
			for i := range users {
				all.Go(func() {
					name := fmt.Sprint("user-", i)
					user.Run(name, func() {
						asking.Done()
						asking.Wait()
						v, err, _ := w.do(&g, fmt.Sprint(i%keys), func() (any, error) {
							ran.Add(1)
							runtime.Gosched()
							if w.asCaller {
								read(name)
							} else if (gls.Capture() != gls.Snapshot{}) {
								foreign.Add(1)
							}
							child := make(chan struct{})
							gls.Go(func() {
								defer close(child)
								if w.asCaller {
									read(name)
								} else if (gls.Capture() != gls.Snapshot{}) {
									foreign.Add(1)
								}
							})
							<-child
							return i % keys, nil
						})
						assert.NoError(t, err)
						assert.Equal(t, i%keys, v)
						read(name)
					})
				})
			}
			all.Wait()
			assert.Zero(t, foreign.Load(), "foreign")
			assert.Zero(t, lost.Load(), "lost")
			assert.GreaterOrEqual(t, ran.Load(), int64(keys))
		})
	}
}

// The first one's function holds the key until the others wait for it: all of them get one result.
func TestThoseWhoWaitGetTheResultAndKeepTheirOwnValues(t *testing.T) {
	for _, w := range ways {
		t.Run(w.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { waiters(t, w) })
		})
	}
}

func waiters(t *testing.T, w way) {
	var g singleflight.Group
	release := make(chan struct{})
	want := ""
	if w.asCaller {
		want = "Ada"
	}
	ask := func(name string, fn func() (any, error)) {
		go user.Run(name, func() {
			v, err, shared := w.do(&g, "key", fn)
			assert.NoError(t, err)
			assert.True(t, shared)
			assert.Equal(t, want, v)
			got, _ := user.Get()
			assert.Equal(t, name, got)
		})
		synctest.Wait() // until it waits for the results
	}
	ask("Ada", func() (any, error) {
		<-release
		name, _ := user.Get()
		return name, nil
	})
	for _, name := range []string{"Bob", "Cy"} {
		ask(name, func() (any, error) {
			t.Error("a second function ran")
			return nil, nil
		})
	}
	close(release)
	synctest.Wait()
}

func TestTheAmbientContextOfTheFirstCallerDoesNotCancelTheOthers(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var g singleflight.Group
	gls.RunContext(ctx, func() {
		v, err, _ := g.Do("key", func() (any, error) { return nil, gls.Context().Err() })
		assert.Nil(t, v)
		require.NoError(t, err)
		_, err, _ = g.DoAsCaller("key", func() (any, error) { return nil, gls.Context().Err() })
		assert.ErrorIs(t, err, context.Canceled)
	})
}

func TestOneGroupServesBothWaysAndTheFirstDecides(t *testing.T) {
	var g singleflight.Group
	started, release := make(chan struct{}), make(chan struct{})
	user.Run("Ada", func() {
		first := g.DoChanAsCaller("key", func() (any, error) {
			close(started)
			<-release
			name, _ := user.Get()
			return name, nil
		})
		<-started
		second := g.DoChan("key", func() (any, error) { return "isolated", nil })
		g.Forget("key")
		third, _, _ := g.Do("key", func() (any, error) { return "after Forget", nil })
		close(release)
		assert.Equal(t, singleflight.Result{Val: "Ada", Shared: true}, <-first)
		assert.Equal(t, singleflight.Result{Val: "Ada", Shared: true}, <-second)
		assert.Equal(t, "after Forget", third)
	})
}

func TestErrorsPanicsAndGoexitReachTheCallerInItsOwnFrame(t *testing.T) {
	errWork := errors.New("work failed")
	for _, w := range ways {
		t.Run(w.name, func(t *testing.T) {
			var g singleflight.Group
			user.Run("Ada", func() {
				_, err, _ := w.do(&g, "key", func() (any, error) { return nil, errWork })
				assert.Equal(t, errWork, err)
				if w.name == "DoChan" || w.name == "DoChanAsCaller" {
					return // a panic ends the process, and Goexit leaves the channel empty, as in x/sync
				}
				func() {
					defer func() {
						err, _ := recover().(error)
						assert.ErrorIs(t, err, errWork)
					}()
					w.do(&g, "key", func() (any, error) { panic(errWork) })
				}()
				name, _ := user.Get()
				assert.Equal(t, "Ada", name)

				ended := make(chan struct{})
				gls.Go(func() {
					defer close(ended)
					defer func() {
						name, _ := user.Get()
						assert.Equal(t, "Ada", name)
					}()
					w.do(&g, "key", func() (any, error) { runtime.Goexit(); return nil, nil })
					t.Error("Goexit did not end the goroutine")
				})
				<-ended
				v, err, _ := w.do(&g, "key", func() (any, error) { return 1, nil })
				assert.NoError(t, err)
				assert.Equal(t, 1, v, "the key is free again")
			})
		})
	}
}

func TestNilFunctionsPanicAtTheCall(t *testing.T) {
	var g singleflight.Group
	for _, w := range ways {
		assert.PanicsWithValue(t, "singleflight.Group."+w.name+": nil function", func() { w.do(&g, "key", nil) })
		v, err, _ := w.do(&g, "key", func() (any, error) { return 1, nil })
		require.NoError(t, err)
		assert.Equal(t, 1, v)
	}
}
