package carrier_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/internal/carrier"
	"github.com/ambient-go/ambient/internal/frame"
	"github.com/ambient-go/ambient/internal/testexec"
)

var storage frame.Storage

// frameOf returns a frame with a number in it.
func frameOf(n int) *frame.Frame {
	return (*frame.Frame)(nil).With(bindingOf(n), nil)
}

func bindingOf(n int) frame.Binding {
	return frame.Binding{Key: frame.MakeKey[int](&storage), Value: n}
}

// number returns the number in the frame in force, -1 where there is none.
func number() int {
	if v, ok := carrier.Value(&storage); ok {
		n, _ := v.(int)
		return n
	}
	return -1
}

// recorded is n where goroutines have records, 0 where they carry their frames themselves.
func recorded[N int32 | int64 | int](n N) N {
	if carrier.Inherited() {
		return 0
	}
	return n
}

// join runs fn on a goroutine of its own and waits for its end.
func join(fn func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		fn()
	}()
	<-done
}

// settled returns the number of records once those of goroutines that have exited are gone.
func settled() int {
	for range 200 { // more collections than the sweeper ever lets pass
		if carrier.Len() == 0 {
			return 0
		}
		testexec.Collect()
		time.Sleep(50 * time.Microsecond)
	}
	return carrier.Len()
}

// scope opens a scope, as gls does.
func scope(f *frame.Frame, fn func()) { carrier.Run(carrier.Open(), f, fn) }

// of returns the frame that others see on a goroutine, nil where they see none.
func of(id uint64) (f *frame.Frame) {
	carrier.Of(id, func(seen *frame.Frame) { f = seen })
	return f
}

func TestScopes(t *testing.T) {
	join(func() {
		gone := func() bool {
			here := carrier.Here()
			return !here.Held() && here.Frame() == nil && number() == -1 && of(here.Goroutine()) == nil
		}
		assert.True(t, gone())
		unscoped := carrier.Unscoped()
		scope(frameOf(1), func() {
			assert.Equal(t, 1, number())
			assert.Same(t, carrier.Frame(), carrier.Here().Frame())
			outer := carrier.Here()
			assert.Equal(t, recorded[int32](1), outer.Depth())
			scope(frameOf(2), func() {
				assert.Equal(t, 2, number())
				assert.Equal(t, recorded[int32](2), carrier.Here().Depth())
				scope(nil, func() {
					assert.Equal(t, -1, number())
					assert.Nil(t, carrier.Frame())
					assert.Equal(t, recorded[int32](3), carrier.Here().Depth(), "the record stays for the scopes around")
					carrier.Set(carrier.Here(), frameOf(3))
					assert.Equal(t, 3, number())
					carrier.Set(carrier.Here(), nil)
					assert.Equal(t, recorded[int32](3), carrier.Here().Depth())
				})
				assert.Equal(t, 2, number())
			})
			assert.Equal(t, 1, number())
			assert.True(t, outer == carrier.Here() && outer.Depth() == recorded[int32](1))
		})
		assert.True(t, gone())

		scope(nil, func() {
			assert.Equal(t, -1, number())
			carrier.Set(carrier.Here(), frameOf(4))
			assert.Zero(t, carrier.Unscoped()-unscoped)
			scope(frameOf(5), func() { assert.Equal(t, 5, number()) })
			assert.Equal(t, 4, number())
		})
		assert.True(t, gone(), "what was set in a scope goes with the scope")

		scope(nil, func() {
			carrier.Set(carrier.Here(), frameOf(4))
			carrier.Set(carrier.Here(), nil)
			assert.Equal(t, -1, number())
		})
		assert.True(t, gone())
	})
}

// A callback from C runs on a goroutine that counts as exited between callbacks, and may be dropped
// in the middle of a scope. It loses what is set then, and what is set afterwards ends with the
// scope.
func TestDroppedInsideAScope(t *testing.T) {
	skipWithoutRecords(t)
	join(func() {
		f := frameOf(1)
		carrier.Set(carrier.Here(), f)
		scope(f, func() { // that of an Exit of what is not set
			scope(f, func() {
				assert.True(t, carrier.Here().Drop())
				assert.Equal(t, -1, number())
				carrier.Set(carrier.Here(), frameOf(2))
				assert.Equal(t, 2, number())
			})
			assert.Equal(t, -1, number())
			scope(frameOf(3), func() { assert.Equal(t, 3, number()) })
			carrier.Set(carrier.Here(), frameOf(4))
		})
		assert.Equal(t, -1, number())
		assert.Nil(t, carrier.Here().Record())
	})
}

// The sweeper drops the record of an earlier Enter between the look at it and the change: the
// change is not lost.
func TestDroppedBeforeAChange(t *testing.T) {
	skipWithoutRecords(t)
	for name, drop := range map[string]func(carrier.Cursor) bool{
		"before":    func(carrier.Cursor) bool { return false },
		"wholly":    carrier.Cursor.Drop,
		"half done": carrier.Cursor.HalfDrop,
	} {
		change := map[string]func(){
			"run": func() {
				c := carrier.Open()
				drop(c)
				carrier.Run(c, frameOf(2), func() { assert.Equal(t, 2, number()) })
			},
			"run after it": func() {
				drop(carrier.Here())
				scope(frameOf(2), func() { assert.Equal(t, 2, number()) })
			},
			"run that keeps its frame": func() {
				c := carrier.Open()
				drop(c)
				carrier.RunOwn(c, c.Copy(0), func() {
					assert.Equal(t, 1, number())
					carrier.RunWith(bindingOf(2), func() { assert.Equal(t, 2, number()) })
					assert.Equal(t, 1, number())
				})
			},
			"set": func() {
				c := carrier.Here()
				drop(c)
				carrier.Set(c, frameOf(2))
				assert.Equal(t, 2, number())
				carrier.Set(carrier.Here(), nil)
			},
			"set after it": func() {
				drop(carrier.Here())
				carrier.Set(carrier.Here(), frameOf(2))
				assert.Equal(t, 2, number())
				carrier.Set(carrier.Here(), nil)
			},
			"unset": func() {
				c := carrier.Here()
				drop(c)
				carrier.Set(c, nil)
			},
		}
		if name == "half done" { // an insert waits for the sweeper, a claim does not
			delete(change, "set")
			delete(change, "set after it")
			delete(change, "unset")
		}
		for what, change := range change {
			t.Run(what+", dropped "+name, func(t *testing.T) {
				before := carrier.Unscoped()
				join(func() {
					carrier.Set(carrier.Here(), frameOf(1))
					change()
					if name == "before" && number() == 1 {
						carrier.Set(carrier.Here(), nil)
					}
					assert.Equal(t, -1, number())
					if name == "half done" {
						assert.True(t, carrier.Here().FinishDrop())
					}
					assert.Nil(t, carrier.Here().Record())
					assert.Equal(t, before, carrier.Unscoped())
				})
			})
		}
	}
}

// The frame of a scope is used again by the next one unless somebody may have it.
func TestFramesAreUsedAgain(t *testing.T) {
	skipWithoutRecords(t)
	run := func(fn func()) (again bool) {
		var here carrier.Cursor
		carrier.RunWith(bindingOf(1), func() {
			here = carrier.Here()
			fn()
		})
		return here.Record().Spare == here.Peek()
	}
	for _, nested := range []bool{false, true} {
		outer := func(fn func()) { fn() }
		if nested {
			outer = func(fn func()) { scope(frameOf(0), fn) }
		}
		join(func() {
			outer(func() {
				assert.True(t, run(func() {}))
				assert.True(t, run(func() { number() }))
				assert.True(t, run(func() { run(func() { carrier.Frame() }) }), "the inner one's alone")
				assert.False(t, run(func() { carrier.Frame() }))
				assert.False(t, run(func() {
					carrier.Frame()
					run(func() {})
				}))
				unpin := carrier.Pin()
				assert.False(t, run(func() {}))
				unpin()
				assert.True(t, run(func() {}))
			})
		})
	}
}

func TestSetOutsideOfScopes(t *testing.T) {
	join(func() {
		none := carrier.Here()
		carrier.Set(none, nil)
		assert.True(t, carrier.Here() == none)
		before := carrier.Unscoped()
		carrier.Set(none, frameOf(1))
		assert.Equal(t, 1, number())
		assert.Equal(t, before+recorded[int64](1), carrier.Unscoped())
		carrier.Set(carrier.Here(), frameOf(2))
		assert.Equal(t, before+recorded[int64](1), carrier.Unscoped())
		scope(frameOf(3), func() {
			carrier.Set(carrier.Here(), nil)
			assert.Equal(t, -1, number())
		})
		assert.Equal(t, 2, number())
		carrier.Set(carrier.Here(), nil)
		assert.True(t, carrier.Here() == none)
		assert.Equal(t, before, carrier.Unscoped())
		carrier.Set(carrier.Here(), frameOf(4))
		assert.Equal(t, recorded[int32](0), carrier.Here().Depth(), "a record that served before starts afresh")
		carrier.Set(carrier.Here(), nil)
	})
}

func TestOtherGoroutines(t *testing.T) {
	base := settled()
	ids, release := make(chan uint64), make(chan struct{})
	var group sync.WaitGroup
	for i := range 10 {
		group.Go(func() {
			scope(frameOf(i), func() {
				ids <- carrier.Here().Goroutine()
				<-release
			})
		})
		id := <-ids
		assert.Same(t, of(id), of(id))
		assert.Equal(t, i, of(id).Find(storage.Key()).Value)
	}
	group.Go(func() {
		scope(frameOf(10), func() {
			scope(nil, func() {
				ids <- carrier.Here().Goroutine()
				<-release
			})
		})
	})
	hidden := <-ids
	assert.Nil(t, of(hidden))
	assert.Equal(t, base+10, carrier.Len())
	listed := 0
	for id, f := range carrier.All() {
		assert.NotEqual(t, hidden, id, "it carries nothing at the moment")
		if f.Find(storage.Key()) != nil {
			listed++
		}
	}
	assert.Equal(t, 10, listed)
	for range carrier.All() {
		break // is fine
	}
	assert.True(t, carrier.Inherits(nil))
	close(release)
	group.Wait()
	assert.Equal(t, base, carrier.Len())
}
