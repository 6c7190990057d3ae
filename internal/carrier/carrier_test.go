package carrier_test

import (
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/internal/carrier"
	"github.com/ambient-go/ambient/internal/frame"
	"github.com/ambient-go/ambient/internal/registry"
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
		runtime.GC()
		time.Sleep(50 * time.Microsecond)
	}
	return carrier.Len()
}

// scope opens a scope, as gls does.
func scope(f *frame.Frame, fn func()) { carrier.Run(carrier.Here(), f, fn) }

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
			assert.True(t, gone(), "nothing set, nothing recorded")
			carrier.Set(carrier.Here(), frameOf(4))
			scope(frameOf(5), func() { assert.Equal(t, 5, number()) })
			assert.Equal(t, 4, number())
		})
		assert.True(t, gone(), "what was set in a scope without a record goes with the scope")

		scope(nil, func() {
			carrier.Set(carrier.Here(), frameOf(4))
			carrier.Set(carrier.Here(), nil)
			assert.True(t, gone())
		})
		assert.True(t, gone())
	})
}

// Finalizers, and callbacks from C, run on goroutines that the sweeper may take for dead in the middle of a scope. They
// lose what is set then, and what is set afterwards ends with the scope.
func TestTakenForDeadInsideAScope(t *testing.T) {
	if carrier.Inherited() {
		t.Skip("there are no records")
	}
	join(func() {
		f := frameOf(1)
		carrier.Set(carrier.Here(), f)
		scope(f, func() { // that of an Exit of what is not set
			scope(f, func() {
				assert.True(t, carrier.Here().TakeForDead())
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

// A record that a scope gives away at its end belongs to somebody else at once: the frame does not go into it any more.
func TestRecordsGivenAwayAreLeftAlone(t *testing.T) {
	if carrier.Inherited() {
		t.Skip("there are no records")
	}
	given := 0
	for i := range 10_000 { // goroutines that run one scope and exit: soon they do not leave their records at rest
		join(func() {
			here := carrier.Here()
			var r *registry.Record
			carrier.RunOwn(here, here.With(bindingOf(i)), func() { r = carrier.Here().Record() })
			rests := r.Is(here.Goroutine())
			assert.Equal(t, rests, r.Spare != nil)
			if !rests {
				given++
			}
		})
	}
	assert.NotZero(t, given)
}

func TestSetOutsideOfScopes(t *testing.T) {
	join(func() {
		none := carrier.Here()
		carrier.Set(none, nil)
		assert.True(t, carrier.Here() == none)
		before := carrier.Loose()
		carrier.Set(none, frameOf(1))
		assert.Equal(t, 1, number())
		assert.Equal(t, before+recorded[int64](1), carrier.Loose())
		carrier.Set(carrier.Here(), frameOf(2))
		assert.Equal(t, before+recorded[int64](1), carrier.Loose())
		scope(frameOf(3), func() {
			carrier.Set(carrier.Here(), nil)
			assert.Equal(t, -1, number())
		})
		assert.Equal(t, 2, number())
		carrier.Set(carrier.Here(), nil)
		assert.True(t, carrier.Here() == none)
		assert.Equal(t, before, carrier.Loose())
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
	assert.Equal(t, base+10+recorded(1), carrier.Len())
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
