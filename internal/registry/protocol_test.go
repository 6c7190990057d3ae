package registry_test

import (
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/internal/frame"
	"github.com/ambient-go/ambient/internal/registry"
)

// Goroutines hand one slot over to each other as fast as they can, some of them on the same
// processor, while others pin it now and then: an order of loads and stores that is not that of
// Claim, Release and Keep shows within seconds. It takes AMBIENT_PROTOCOL, half a second without;
// model explores the orders one by one.
func TestSlotHandover(t *testing.T) {
	duration := 500 * time.Millisecond
	if text := os.Getenv("AMBIENT_PROTOCOL"); text != "" {
		var err error
		duration, err = time.ParseDuration(text)
		require.NoError(t, err)
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(max(4, runtime.GOMAXPROCS(0))))
	m := new(registry.Map)
	ids := registry.OfOneSlot(4)
	key := frame.MakeKey[uint64](&owner)
	var first, stop atomic.Bool
	var claimed, overflowed, looked atomic.Int64
	var owners, readers sync.WaitGroup
	for _, id := range ids {
		owners.Go(func() {
			var none *frame.Frame
			own, overflow := int64(0), int64(0)
			value := any(id)
			for !stop.Load() {
				r := m.Claim(id)
				f := none.With(frame.Binding{Key: key, Value: value}, r.Spare)
				r.Spare = nil
				r.SetFrame(f)
				if m.IsOwn(r) {
					own++
					first.Store(true)
				} else {
					overflow++
				}
				for range 3 { // what Get does
					if !r.Is(id) || r.InForce() != f || idInAny(f) != id {
						t.Errorf("goroutine %d lost its frame after %d claims", id, own)
						stop.Store(true)
						return
					}
				}
				m.Release(r, f)
			}
			claimed.Add(own)
			overflowed.Add(overflow)
		})
	}
	for range 2 {
		readers.Go(func() {
			for !first.Load() {
				runtime.Gosched() // nobody claims a slot that is pinned
			}
			for !stop.Load() {
				for _, id := range ids {
					m.Of(id, func(f *frame.Frame) {
						for range 3 {
							if got := idInAny(f); got != id {
								t.Errorf("%d's frame shows %d", id, got)
								stop.Store(true)
							}
						}
						looked.Add(1)
					})
				}
				for start := time.Now(); time.Since(start) < 20*time.Microsecond; {
					continue // let somebody claim the slot
				}
			}
		})
	}
	for start := time.Now(); time.Since(start) < duration && !stop.Load(); {
		time.Sleep(time.Millisecond)
	}
	stop.Store(true)
	owners.Wait()
	readers.Wait()
	t.Logf("%d times claimed, %d times in the table, %d looks", claimed.Load(), overflowed.Load(), looked.Load())
	assert.Positive(t, claimed.Load())
	assert.Zero(t, m.Len())
	assert.Empty(t, m.Check())
}
