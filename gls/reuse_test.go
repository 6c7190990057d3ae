package gls_test

import (
	"fmt"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/internal/carrier"
	"github.com/ambient-go/ambient/internal/frame"
	"github.com/ambient-go/ambient/internal/inspect"
)

// A goroutine uses a scope's frame again for its next scope, but not one that anybody keeps: whatever way it is kept,
// what is seen through it later is what was seen where it was taken.
func TestKeptFramesNeverChange(t *testing.T) {
	s, other, unset := gls.New[int]("s"), gls.New[int]("other"), gls.New[int]("unset")
	now := func() string { return see(s, other) }
	through := func(snapshot gls.Snapshot) func() string {
		return func() (seen string) {
			snapshot.Run(func() { seen = now() })
			return seen
		}
	}
	started := func(start func(fn func())) func() string {
		asked, seen := make(chan struct{}), make(chan string)
		start(func() {
			<-asked
			seen <- now()
		})
		return func() string {
			close(asked)
			return <-seen
		}
	}
	ways := map[string]func() (later func() string){
		"Capture":      func() func() string { return through(gls.Capture()) },
		"Bind":         func() func() string { return gls.Bind(now) },
		"Go":           func() func() string { return started(gls.Go) },
		"Snapshot.Go":  func() func() string { return started(gls.Capture().Go) },
		"WaitGroup.Go": func() func() string { return started(new(gls.WaitGroup).Go) },
		"AfterFunc":    func() func() string { return started(func(fn func()) { gls.AfterFunc(time.Microsecond, fn) }) },
		"Capture, then other scopes": func() func() string {
			snapshot := gls.Capture()
			for i := range 3 {
				s.Run(-i, func() { other.Run(-i, func() {}) })
			}
			return through(snapshot)
		},
		"Capture after other scopes": func() func() string {
			s.Run(-1, func() { other.Run(-1, func() { gls.Capture() }) })
			return through(gls.Capture())
		},
		"Capture where nothing changed": func() func() string {
			var snapshots [3]gls.Snapshot
			unset.Exit(func() { snapshots[0] = gls.Capture() })
			gls.Run(func() { snapshots[1] = gls.Capture() })
			snapshots[0].Run(func() { unset.Exit(func() { snapshots[2] = gls.Capture() }) })
			return func() string {
				first := through(snapshots[0])()
				if first != through(snapshots[1])() || first != through(snapshots[2])() {
					return "different"
				}
				return first
			}
		},
		"Capture inside a scope that panics": func() (later func() string) {
			defer func() { _ = recover() }()
			unset.Exit(func() {
				later = through(gls.Capture())
				panic("x")
			})
			return nil
		},
		"Capture after Leave": func() func() string {
			s.Enter(-1).Leave()
			return through(gls.Capture())
		},
		"Enter": func() func() string {
			seen := now()
			scope := s.Enter(-1)
			return func() string {
				before := now()
				scope.Leave()
				if now() != before {
					return "changed"
				}
				return seen
			}
		},
		"Enter, left inside another scope": func() func() string {
			scope := s.Enter(-1)
			var inside func() string
			gls.Run(func() {
				scope.Leave()
				inside = through(gls.Capture())
			})
			scope.Leave()
			after := through(gls.Capture())
			return func() string {
				if inside() != after() {
					return "different"
				}
				return after()
			}
		},
		"a snapshot's scope": func() (later func() string) {
			gls.Capture().Run(func() { later = through(gls.Capture()) })
			return later
		},
	}
	scopes := map[string]func(i int, fn func()){
		"Run":      func(i int, fn func()) { s.Run(i, fn) },
		"Call":     func(i int, fn func()) { gls.Call(s, i, func() int { fn(); return 0 }) },
		"gls.Run":  func(i int, fn func()) { gls.Run(fn, s.With(i), other.With(i)) },
		"two Runs": func(i int, fn func()) { other.Run(i, func() { s.Run(i, fn) }) },
		"Exit":     func(i int, fn func()) { gls.Run(func() { other.Exit(fn) }, s.With(i), other.With(-1)) },
	}
	places := map[string]func(fn func()){
		"outermost":        func(fn func()) { fn() },
		"inside Run":       func(fn func()) { s.Run(-5, fn) },
		"inside gls.Run":   func(fn func()) { gls.Run(fn, s.With(-5), other.With(-5), unset.With(1)) },
		"inside Enter":     func(fn func()) { defer other.Enter(-5).Leave(); fn() },
		"inside Isolate":   func(fn func()) { gls.Isolate(fn) },
		"inside a started": func(fn func()) { s.Run(-5, func() { join(gls.Bind(fn)) }) },
	}
	for way, keep := range ways {
		for scope, run := range scopes {
			for place, within := range places {
				join(func() {
					within(func() {
						var want []string
						var later []func() string
						for i := range 4 {
							run(i, func() {
								want = append(want, now())
								later = append(later, keep())
							})
							run(-i-10, func() {}) // keeps nothing
						}
						for i := range later {
							assert.Equal(t, want[i], later[i](), "%s in %s, %s", way, scope, place)
						}
					})
				})
			}
		}
	}
}

// Who looks at other goroutines may hold a frame in hand while its scope ends and the next one begins.
func TestFramesThatOthersLookAtDoNotChange(t *testing.T) {
	if gls.Propagation() == gls.Inherited {
		t.Skip("frames are not used again")
	}
	s := gls.New[string]("s")
	for name, look := range map[string]func(id uint64, seen func(f *frame.Frame)){
		"Of": carrier.Of,
		"All": func(id uint64, seen func(f *frame.Frame)) {
			for one, f := range carrier.All() {
				if one == id {
					seen(f)
					return // its next scope has a record of its own, which All may come to as well
				}
			}
		},
	} {
		for _, place := range []func(fn func()){func(fn func()) { fn() }, func(fn func()) { s.Run("around", fn) }} {
			ids, next := make(chan uint64), make(chan struct{})
			var owner sync.WaitGroup
			owner.Go(func() {
				place(func() {
					for i := range 2 {
						s.Run(strconv.Itoa(i), func() {
							if i == 0 {
								ids <- carrier.Here().Goroutine()
							}
							next <- struct{}{}
						})
					}
				})
			})
			value := func(f *frame.Frame) any { return f.All()[0].Value }
			look(<-ids, func(f *frame.Frame) {
				require.Equal(t, "0", value(f))
				<-next
				<-next // in the next scope, or beyond
				assert.Equal(t, "0", value(f), name)
			})
			owner.Wait()
		}
	}
}

// Goroutines run one scope after the other while others list what all of them carry: each list shows, for each
// goroutine, values that it had set at one moment.
func TestListsOfGoroutinesThatUseFramesAgain(t *testing.T) {
	a, b := gls.New[string]("a"), gls.New[string]("b")
	rounds := scale(20_000, 2_000_000)
	var owners, watchers sync.WaitGroup
	var stop atomic.Bool
	var listed atomic.Int64
	for range 4 {
		owners.Go(func() {
			id := carrier.Here().Goroutine()
			// On a busy machine the watchers may list nothing for as long as the rounds take.
			for i := 0; i < rounds || listed.Load() == 0 && i < 100*rounds; i++ {
				text := fmt.Sprintf("%d:%d", id, i)
				gls.Run(func() {
					a.Run(text+"'", func() { b.Run(text+"'", func() {}) })
				}, a.With(text), b.With(text))
				if i%64 == 0 {
					runtime.Gosched()
				}
			}
		})
	}
	for range 2 {
		watchers.Go(func() {
			for !stop.Load() {
				for _, g := range inspect.Goroutines() {
					var id uint64
					var round int
					for _, v := range g.Values {
						text, ok := v.Value.(string)
						if !ok || v.Storage != `"a"` && v.Storage != `"b"` {
							continue
						}
						var thisID uint64
						var thisRound int
						_, err := fmt.Sscanf(text, "%d:%d", &thisID, &thisRound)
						if err != nil || thisID != g.ID || id != 0 && thisRound != round {
							t.Errorf("goroutine %d is listed with %v", g.ID, g.Values)
						}
						id, round = thisID, thisRound
						listed.Add(1)
					}
				}
			}
		})
	}
	owners.Wait()
	stop.Store(true)
	watchers.Wait()
	assert.NotZero(t, listed.Load())
}

// A scope after the other allocates nothing.
func TestScopesAllocateNothing(t *testing.T) {
	skipUnlessOptimized(t)
	if gls.Propagation() == gls.Inherited {
		t.Skip("a goroutine that a scope starts has its frame")
	}
	s, other, third := gls.New[*int]("s"), gls.New[*int]("other"), gls.New[*int]("third")
	value, empty := new(int), func() {}
	for name, fn := range map[string]func(){
		"Run":            func() { s.Run(value, empty) },
		"gls.Run of two": func() { gls.Run(empty, s.With(value), other.With(value)) },
		"Exit":           func() { s.Exit(empty) },
	} {
		allocated := func() float64 { return testing.AllocsPerRun(1000, fn) }
		least := 1.0
		for range 200 { // where many goroutines have run one scope and exited, it takes a while until one is used again
			join(func() { least = min(least, allocated()) })
		}
		assert.Zero(t, least, "%s outermost", name)
		s.Run(value, func() { assert.Zero(t, allocated(), "%s inside Run", name) })
		s.Run(value, func() {
			s.Run(value, empty)
			gls.Capture()
			s.Run(value, func() {})
			assert.Zero(t, allocated(), "%s inside a kept Run", name)
		})
		if name != "Exit" {
			gls.Run(func() {
				assert.Zero(t, allocated(), "%s inside gls.Run", name)
			}, s.With(value), other.With(value), third.With(value))
		}
	}
}

// A value is not kept alive by the frame that waits for the next scope.
func TestSparesHoldNoValue(t *testing.T) {
	s, other := gls.New[*load]("s"), gls.New[*load]("other")
	in := func(place func(fn func())) {
		join(func() {
			place(func() {
				one, first := newLoad()
				two, second := newLoad()
				three, third := newLoad()
				s.Run(one, func() {})
				gls.Run(func() {}, s.With(two), other.With(three))
				one, two, three = nil, nil, nil
				assert.True(t, gone(first) && gone(second) && gone(third))
			})
		})
	}
	in(func(fn func()) { fn() })
	in(func(fn func()) { s.Run(nil, fn) })
}
