package frame_test

import (
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/internal/frame"
)

func keyOf(s *frame.Storage) *frame.Key { return frame.MakeKey[int](s) }

func bind(s *frame.Storage, value int) frame.Binding {
	return frame.Binding{Key: keyOf(s), Value: value}
}

// newStorages returns n storages whose keys follow one another, each that many numbers after the one before: with a
// power of two, all of them look first in the same slot.
func newStorages(n, stride int) []*frame.Storage {
	storages := make([]*frame.Storage, n)
	for i := range storages {
		storages[i] = new(frame.Storage)
		keyOf(storages[i])
		for range stride - 1 {
			keyOf(new(frame.Storage))
		}
	}
	return storages
}

// A model is what a Frame is: the values that Get finds, and those that a Disable hides.
type model struct{ visible, hidden map[*frame.Storage]int }

func (m model) clone() model { return model{maps.Clone(m.visible), maps.Clone(m.hidden)} }

func (m model) set(s *frame.Storage, value int) {
	m.visible[s] = value
	delete(m.hidden, s)
}

// A pair is a frame and what it must show for ever.
type pair struct {
	frame *frame.Frame
	model model
}

// check compares the frame with its model through every question that one can ask a frame.
func (p pair) check(t *testing.T, storages []*frame.Storage) {
	t.Helper()
	for _, s := range storages {
		want, visible := p.model.visible[s]
		_, hidden := p.model.hidden[s]
		k := s.Key()
		require.NotNil(t, k)
		e := p.frame.Find(k)
		require.Equal(t, visible, e != nil)
		of := p.frame.Of(k)
		require.Equal(t, visible || hidden, of.Key != nil)
		if visible {
			require.Equal(t, want, e.Value)
			require.Equal(t, want, of.Value)
		}
	}
	got := make(map[*frame.Storage]int)
	for _, e := range p.frame.All() {
		got[e.Key.Storage], _ = e.Value.(int)
	}
	require.Equal(t, len(p.model.visible), len(got))
	require.True(t, maps.Equal(p.model.visible, got))
	require.Equal(t, len(p.model.visible)+len(p.model.hidden), p.frame.Len())
	require.Equal(t, p.frame == nil, p.frame.Len() == 0, "the empty frame is nil")
}

// Frames of all sizes, against maps. Older frames are kept and checked again: none ever changes, but for what Disable
// takes from all of them.
func TestAgainstModel(t *testing.T) {
	for name, storages := range map[string][]*frame.Storage{
		"one":                     newStorages(1, 1),
		"few":                     newStorages(4, 1),
		"many":                    newStorages(100, 1),
		"few, all in one slot":    newStorages(5, 64),
		"many, all in one slot":   newStorages(40, 64),
		"many, in a few slots":    newStorages(100, 13),
		"neighbours in two slots": append(newStorages(10, 32), newStorages(10, 32)...),
	} {
		t.Run(name, func(t *testing.T) {
			seed := rand.Uint64()
			t.Logf("seed %d", seed)
			rng := rand.New(rand.NewPCG(seed, 0))
			now := pair{nil, model{map[*frame.Storage]int{}, map[*frame.Storage]int{}}}
			older := []pair{now}
			pick := func() *frame.Storage { return storages[rng.IntN(len(storages))] }
			var spare *frame.Frame
			used := 0
			own := func(f *frame.Frame) *frame.Frame {
				if f == spare {
					spare = nil
					used++
				}
				return f
			}
			for step := range 1000 {
				next := pair{now.frame, now.model.clone()}
				s := pick()
				grow := []int{80, 20}[step/100%2] // long phases in which frames grow, then shrink
				switch choice := rng.IntN(100); {
				case choice < 2:
					s.Disable()
					for _, p := range append(older, next) {
						if v, ok := p.model.visible[s]; ok {
							p.model.hidden[s] = v
							delete(p.model.visible, s)
						}
					}
				case choice < 10:
					n := 1 + rng.IntN(5)
					next.frame = own(now.frame.Copy(n, spare))
					for i := range n {
						s := pick()
						next.frame.Put(frame.Entry{Binding: bind(s, step*10+i)})
						next.model.set(s, step*10+i)
					}
				case choice < 12:
					next = older[rng.IntN(len(older))]
					next.model = next.model.clone()
				case rng.IntN(100) < grow:
					next.frame = own(now.frame.With(bind(s, step), spare))
					next.model.set(s, step)
				case choice < 60 && now.frame.Len() < 8: // a scope that ends at once
					passed := own(now.frame.With(bind(pick(), -1), spare))
					if rng.IntN(2) == 0 {
						passed = own(now.frame.Copy(1, spare))
						passed.Put(frame.Entry{Binding: bind(pick(), -1)})
					}
					if passed.Empty() {
						spare = passed
					}
				default:
					next.frame = now.frame.Without(s.Key())
					delete(next.model.visible, s)
					delete(next.model.hidden, s)
				}
				next.check(t, storages)
				now = next
				if len(older) < 20 {
					older = append(older, now)
				} else if step%20 == 0 {
					older[rng.IntN(len(older))] = now
				}
				if step%50 == 0 {
					for _, p := range older {
						p.check(t, storages)
					}
				}
			}
			if len(storages) < 10 {
				assert.NotZero(t, used, "spares")
			}
		})
	}
}

func TestWhatChangesNothingIsTheSameFrame(t *testing.T) {
	s := newStorages(3, 1)
	var none *frame.Frame
	f := none.With(bind(s[0], 1), nil).With(bind(s[1], 2), nil)
	assert.Same(t, f, f.Without(keyOf(s[2])))
	assert.Same(t, f, f.Outside(1))
	assert.Nil(t, none.Without(keyOf(s[0])))
	assert.Nil(t, none.Outside(1))
	assert.Nil(t, none.Find(keyOf(s[0])))
	assert.Nil(t, f.Without(keyOf(s[0])).Without(keyOf(s[1])))
}

// A scope allocates one frame, whatever is set around it, up to 16 storages.
func TestAllocations(t *testing.T) {
	if inlined := testing.AllocsPerRun(1, func() { _ = *boxed() }) == 0; !inlined {
		t.Skip("this build allocates more")
	}
	storages := newStorages(16, 1)
	var f, sink *frame.Frame
	for n, s := range storages {
		e := bind(s, n)
		assert.LessOrEqual(t, testing.AllocsPerRun(100, func() { sink = f.With(e, nil) }), 1.0, "one more than %d", n)
		f = f.With(e, nil)
		assert.LessOrEqual(t, testing.AllocsPerRun(100, func() { sink = f.With(e, nil) }), 1.0, "one of %d anew", n+1)
		assert.LessOrEqual(t, testing.AllocsPerRun(100, func() { sink = f.Without(s.Key()) }), 1.0, "without one")
		assert.Zero(t, testing.AllocsPerRun(100, func() { f.Find(s.Key()) }))
	}
	for n := 1; n <= len(storages); n++ {
		assert.LessOrEqual(t, testing.AllocsPerRun(100, func() { sink = (*frame.Frame)(nil).Copy(n, nil) }), 1.0)
	}
	runtime.KeepAlive(sink)
}

func boxed() *int {
	one := 1
	return &one
}

// What a Run allocates is most of what it costs.
func TestFrameOfOneValueIsSmall(t *testing.T) {
	var s frame.Storage
	b := bind(&s, 1)
	var sink *frame.Frame
	entered, _ := enter(nil, &s, 1)
	for _, f := range []*frame.Frame{nil, (*frame.Frame)(nil).With(b, nil), entered} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range 10_000 {
			sink = f.With(b, nil)
		}
		runtime.ReadMemStats(&after)
		each := float64(after.TotalAlloc-before.TotalAlloc) / 10_000
		assert.InDelta(t, float64(4*unsafe.Sizeof(uintptr(0))), each, 1, "bytes")
	}
	runtime.KeepAlive(sink)
}

// enter returns the frame after an Enter, and the Enter.
func enter(f *frame.Frame, s *frame.Storage, goroutine uint64) (*frame.Frame, *frame.Enter) {
	by := frame.NewEnter(goroutine, f.Of(keyOf(s)).Entered)
	return f.WithEntry(frame.Entry{Binding: bind(s, 0), Entered: by}), by
}

func TestEnters(t *testing.T) {
	var s, other frame.Storage
	t.Run("a list knows those beneath", func(t *testing.T) {
		one, first := enter(nil, &s, 1)
		two, second := enter(one, &s, 1)
		list := two.Of(keyOf(&s)).Entered
		assert.True(t, list.Includes(first) && list.Includes(second))
		assert.False(t, one.Of(keyOf(&s)).Entered.Includes(second), "and not those above")
		_, alone := enter(two, &other, 1)
		assert.False(t, list.Includes(alone) || alone.Includes(first), "nor another storage's")
		assert.False(t, (*frame.Enter)(nil).Includes(first))
	})
	t.Run("each is one", func(t *testing.T) {
		seen := map[*frame.Enter]bool{}
		for range 1000 {
			_, e := enter(nil, &s, 1)
			assert.False(t, seen[e])
			seen[e] = true
		}
	})
	t.Run("of another goroutine", func(t *testing.T) {
		f, parents := enter(nil, &s, 1)
		f, childs := enter(f, &s, 2)
		list := f.Of(keyOf(&s)).Entered
		assert.True(t, list.Includes(childs))
		assert.False(t, list.Includes(parents))
	})
	t.Run("another goroutine's is not followed", func(t *testing.T) { // that one may cut it right now
		_, childs := enter(nil, &s, 2)
		assert.False(t, frame.Over(1, childs).Includes(childs))
		assert.True(t, frame.Over(2, childs).Includes(childs))
	})
	t.Run("is not cut by another goroutine", func(t *testing.T) {
		var parents *frame.Frame
		var all []*frame.Enter
		for range 100 {
			next, e := enter(parents, &s, 1)
			parents, all = next, append(all, e)
		}
		childs := parents
		for range 200 {
			childs, _ = enter(childs, &s, 2)
		}
		for _, e := range all {
			assert.True(t, parents.Of(keyOf(&s)).Entered.Includes(e))
		}
	})
	t.Run("the newest 64 are remembered, and no more than 128", func(t *testing.T) {
		var f *frame.Frame
		var all []*frame.Enter
		for range 1000 {
			next, e := enter(f, &s, 1)
			f, all = next, append(all, e)
			list := f.Of(keyOf(&s)).Entered
			remembered := 0
			for _, e := range slices.Backward(all) {
				if !list.Includes(e) {
					break
				}
				remembered++
			}
			require.GreaterOrEqual(t, remembered, min(len(all), 64))
			require.LessOrEqual(t, remembered, 128)
		}
	})
	t.Run("after going back", func(t *testing.T) {
		rng := rand.New(rand.NewPCG(1, 2))
		frames, all := []*frame.Frame{nil}, []*frame.Enter(nil)
		for range 20_000 {
			if n := len(all); n > 0 && rng.IntN(100) < 45 {
				frames, all = frames[:n], all[:n-1]
			} else {
				next, e := enter(frames[n], &s, 1)
				frames, all = append(frames, next), append(all, e)
			}
			// Whatever was cut while the list was longer, the newest stays, and what is left is not in it.
			if n := len(all); n > 0 {
				require.True(t, frames[n].Of(keyOf(&s)).Entered.Includes(all[n-1]))
			}
		}
	})
	t.Run("outside", func(t *testing.T) {
		f, e := enter((*frame.Frame)(nil).With(bind(&other, 7), nil), &s, 1)
		assert.Same(t, f, f.Outside(2), "another goroutine does not follow the list")
		outside := f.Outside(1)
		assert.False(t, outside.Of(keyOf(&s)).Entered.Includes(e))
		assert.Equal(t, 0, outside.Find(keyOf(&s)).Value)
		assert.Equal(t, 7, outside.Find(keyOf(&other)).Value)
		assert.True(t, f.Of(keyOf(&s)).Entered.Includes(e), "the frame itself is as it was")
	})
}

// A copy of a storage is a storage of its own, whatever the original was when it was copied.
func TestCopiedStorage(t *testing.T) {
	type holder struct{ storage frame.Storage }
	original := new(holder)
	original.storage.Init("name", nil)
	f := (*frame.Frame)(nil).With(bind(&original.storage, 1), nil)
	copied := new(holder)
	assign(copied, original)
	assert.Equal(t, "name", copied.storage.Name())
	assert.Nil(t, copied.storage.Key(), "nothing is set in it")
	copied.storage.Disable()
	assert.NotNil(t, f.Find(original.storage.Key()), "Disable of the copy is not the original's")

	both := f.With(bind(&copied.storage, 2), nil)
	assert.Equal(t, 1, both.Find(original.storage.Key()).Value)
	assert.Equal(t, 2, both.Find(copied.storage.Key()).Value)
	copied.storage.Disable()
	assert.Equal(t, 1, both.Find(original.storage.Key()).Value)
	assert.Nil(t, both.Find(copied.storage.Key()))
	original.storage.Disable()
	assert.Nil(t, both.Find(original.storage.Key()))
	assert.Equal(t, `"name"`, keyOf(&copied.storage).String())
	assert.Equal(t, "gls.Storage[int]", keyOf(new(frame.Storage)).String())
}

// assign copies what vet does not let one copy.
func assign[T any](to, from *T) { *to = *from }

func TestVetReportsCopies(t *testing.T) {
	path, err := exec.LookPath("go")
	if err != nil {
		t.Skip("there is no go command here")
	}
	cmd := exec.CommandContext(t.Context(), path, "vet", "-copylocks", "./testdata/copies")
	cmd.Env = append(os.Environ(), "GOFLAGS=-buildvcs=false", "GOWORK=off")
	text, err := cmd.CombinedOutput()
	require.Error(t, err)
	var reported []string
	for line := range strings.Lines(string(text)) {
		if _, message, ok := strings.Cut(line, ": "); ok {
			reported = append(reported, strings.TrimSpace(message))
		}
	}
	require.Len(t, reported, 2, "%s", text)
	assert.Contains(t, reported[0], "copies lock value to copied: ")
	assert.Contains(t, reported[0], "gls.Storage[int]")
	assert.Contains(t, reported[1], "gls.WaitGroup")
}
