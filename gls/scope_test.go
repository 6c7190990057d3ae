package gls_test

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/internal/carrier"
)

// Enter is state of the goroutine until Leave or the end of the scope around it, and Leave brings back what was in
// force at Enter, or does nothing.
func TestRule3(t *testing.T) {
	a, b := gls.New[int]("a"), gls.New[int]("b")
	for _, c := range []struct {
		name string
		test func(t *testing.T, a, b *gls.Storage[int])
	}{
		{"a callee's Enter is seen by its caller", func(t *testing.T, a, _ *gls.Storage[int]) {
			func() { func() { a.Enter(1) }() }()
			assert.Equal(t, "1", see(a))
			func() { defer a.Enter(2).Leave() }()
			assert.Equal(t, "1", see(a))
		}},
		{"in order", func(t *testing.T, a, _ *gls.Storage[int]) {
			before := gls.Capture()
			one := a.Enter(1)
			two := a.Enter(2)
			a.Exit(func() { assert.Equal(t, "-", see(a)) })
			assert.Equal(t, "2", see(a))
			two.Leave()
			assert.Equal(t, "1", see(a))
			one.Leave()
			assert.Equal(t, "-", see(a))
			assert.True(t, before == gls.Capture())
		}},
		{"interleaved storages", interleaved},
		{"out of order", outOfOrder},
		{"twice", twice},
		{"after the scope around it has ended", afterTheEnd},
		{"inside a scope that began later", insideLater},
		{"inside a snapshot", insideSnapshot},
		{"a Run is put back whole", func(t *testing.T, a, b *gls.Storage[int]) {
			a.Run(1, func() {
				scope := a.Enter(2)
				b.Run(1, func() {
					a.Run(3, func() {
						scope.Leave()
						assert.Equal(t, "3 1", see(a, b), "a Run is not the Enter that is left")
					})
					assert.Equal(t, "2 1", see(a, b))
				})
				scope.Leave()
				assert.Equal(t, "1 -", see(a, b))
			})
		}},
		{"after Disable", func(t *testing.T, a, b *gls.Storage[int]) {
			one, other, two := a.Enter(1), b.Enter(1), a.Enter(2)
			a.Disable()
			two.Leave()
			assert.Equal(t, "- 1", see(a, b))
			fresh := a.Enter(3)
			assert.Equal(t, "3 1", see(a, b))
			other.Leave()
			assert.Equal(t, "3 -", see(a, b))
			fresh.Leave()
			assert.Equal(t, "- -", see(a, b))
			one.Leave()
			assert.Equal(t, "- -", see(a, b))
		}},
		{"the zero Scope", func(t *testing.T, a, _ *gls.Storage[int]) {
			gls.Scope{}.Leave()
			a.Enter(1)
			gls.Scope{}.Leave()
			assert.Equal(t, "1", see(a))
			join(func() { assert.Nil(t, panicOf(gls.Scope{}.Leave)) })
		}},
		{"a copy is the same scope", func(t *testing.T, a, _ *gls.Storage[int]) {
			one := a.Enter(1)
			copied := one
			two := a.Enter(2)
			copied.Leave()
			one.Leave()
			two.Leave()
			assert.Equal(t, "-", see(a))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			around := gls.New[int]("around")
			around.Run(0, func() { // in a scope
				c.test(t, a, b)
				assert.Equal(t, "0", see(around))
			})
			assert.Equal(t, "- - -", see(around, a, b))
			join(func() { c.test(t, a, b) }) // in none
		})
	}
	t.Run("on another goroutine", elsewhere)
	t.Run("nothing entered stays after the last Leave", func(t *testing.T) {
		join(func() {
			before := carrier.Here()
			one, two := a.Enter(1), b.Enter(2)
			one.Leave()
			two.Leave()
			assert.True(t, before == carrier.Here())
			one = a.Enter(1)
			func() {
				defer func() { _ = recover() }()
				defer one.Leave()
				panic("x")
			}()
			assert.True(t, before == carrier.Here())
		})
	})
	t.Run("entered for ever", enteredForEver)
}

func interleaved(t *testing.T, a, b *gls.Storage[int]) {
	one, two := a.Enter(1), b.Enter(2)
	one.Leave()
	assert.Equal(t, "- 2", see(a, b))
	two.Leave()
	assert.Equal(t, "- -", see(a, b), "the value left first does not come back")

	one, two = a.Enter(1), b.Enter(2)
	three, four := a.Enter(3), b.Enter(4)
	two.Leave()
	assert.Equal(t, "3 -", see(a, b), "with what was entered on it since")
	three.Leave()
	assert.Equal(t, "1 -", see(a, b))
	four.Leave()
	one.Leave()
	assert.Equal(t, "- -", see(a, b))

	one, two = a.Enter(1), b.Enter(2)
	one.Leave()
	three = a.Enter(3)
	two.Leave()
	assert.Equal(t, "3 -", see(a, b))
	one.Leave()
	assert.Equal(t, "3 -", see(a, b))
	three.Leave()
	assert.Equal(t, "- -", see(a, b))
}

func outOfOrder(t *testing.T, a, _ *gls.Storage[int]) {
	one, two, three := a.Enter(1), a.Enter(2), a.Enter(3)
	two.Leave()
	assert.Equal(t, "1", see(a), "what was in force at its Enter")
	three.Leave()
	assert.Equal(t, "1", see(a), "3 ended with 2, and 2 has been left")
	one.Leave()
	assert.Equal(t, "-", see(a))

	one, two = a.Enter(1), a.Enter(2)
	one.Leave()
	assert.Equal(t, "-", see(a))
	four := a.Enter(4)
	two.Leave()
	assert.Equal(t, "4", see(a))
	four.Leave()
	assert.Equal(t, "-", see(a))
}

func twice(t *testing.T, a, b *gls.Storage[int]) {
	one := a.Enter(1)
	two := a.Enter(2)
	two.Leave()
	two.Leave()
	assert.Equal(t, "1 -", see(a, b))
	other := b.Enter(1)
	two.Leave()
	assert.Equal(t, "1 1", see(a, b))
	one.Leave()
	one.Leave()
	assert.Equal(t, "- 1", see(a, b))
	three := a.Enter(3)
	one.Leave()
	two.Leave()
	assert.Equal(t, "3 1", see(a, b))
	other.Leave()
	three.Leave()
	assert.Equal(t, "- -", see(a, b))
}

func afterTheEnd(t *testing.T, a, b *gls.Storage[int]) {
	for _, scope := range entries(a) {
		var inner gls.Scope
		outer := a.Enter(1)
		_ = panicOf(func() {
			scope.run(func() {
				inner = a.Enter(2)
				b.Enter(3)
				panic("out")
			})
		})
		inner.Leave()
		assert.Equal(t, "1 -", see(a, b), scope.name)
		other := b.Enter(4)
		inner.Leave()
		assert.Equal(t, "1 4", see(a, b), scope.name)
		scope.run(func() {
			again := a.Enter(5)
			inner.Leave()
			assert.Equal(t, "5", see(a), scope.name)
			again.Leave()
		})
		other.Leave()
		outer.Leave()
		inner.Leave()
		assert.Equal(t, "- -", see(a, b), scope.name)
	}
}

// A scope that began after Enter puts back the whole frame from before itself: Leave in it holds until then.
func insideLater(t *testing.T, a, b *gls.Storage[int]) {
	one := a.Enter(1)
	b.Run(2, func() {
		one.Leave()
		assert.Equal(t, "- 2", see(a, b))
		two := a.Enter(2)
		one.Leave()
		assert.Equal(t, "2 2", see(a, b))
		two.Leave()
		assert.Equal(t, "- 2", see(a, b))
	})
	assert.Equal(t, "1 -", see(a, b))
	a.Exit(func() {
		one.Leave()
		assert.Equal(t, "- -", see(a, b))
	})
	gls.Isolate(func() {
		b.Enter(3)
		one.Leave()
		assert.Equal(t, "- 3", see(a, b))
	})
	assert.Equal(t, "1 -", see(a, b))
	one.Leave()
	assert.Equal(t, "- -", see(a, b))
}

// In a snapshot the values are those of where it was taken, but not the scopes.
func insideSnapshot(t *testing.T, a, b *gls.Storage[int]) {
	one := a.Enter(1)
	snapshot := gls.Capture()
	snapshot.Run(func() {
		one.Leave()
		assert.Equal(t, "1", see(a))
		two := a.Enter(2)
		other := b.Enter(2)
		one.Leave()
		assert.Equal(t, "2 2", see(a, b))
		two.Leave()
		assert.Equal(t, "1 2", see(a, b))
		other.Leave()
		assert.Equal(t, "1 -", see(a, b))
	})
	assert.Equal(t, "1", see(a))
	one.Leave()
	assert.Equal(t, "-", see(a))
	snapshot.Run(func() {
		one.Leave()
		assert.Equal(t, "1", see(a))
	})
	assert.Equal(t, "-", see(a))
}

func elsewhere(t *testing.T) {
	const text = "gls.Scope.Leave: called on another goroutine"
	a, b := gls.New[int]("a"), gls.New[int]("b")
	outer := a.Enter(1)
	scope := a.Enter(2)
	for _, start := range carryings() {
		if start.here {
			continue
		}
		start.capture(func() {
			assert.Equal(t, text, panicOf(scope.Leave), start.name)
			assert.Equal(t, "2 -", see(a, b), start.name)
			b.Enter(1)
			assert.Equal(t, text, panicOf(outer.Leave), start.name)
			assert.Equal(t, "2 1", see(a, b), start.name)
			own := a.Enter(3)
			assert.Equal(t, text, panicOf(scope.Leave), start.name)
			assert.Equal(t, "3 1", see(a, b), start.name)
			own.Leave()
			assert.Equal(t, "2 1", see(a, b), start.name)
		})()
		assert.Equal(t, "2 -", see(a, b), start.name)
	}
	scope.Leave()
	assert.Equal(t, "1", see(a), "the scope is still open here")
	join(func() { assert.Equal(t, text, panicOf(scope.Leave), "left or not") })
	outer.Leave()
	assert.Equal(t, "-", see(a))

	var left gls.Scope
	join(func() { left = a.Enter(1) })
	assert.Equal(t, text, panicOf(left.Leave), "its goroutine has exited")
	assert.Equal(t, "-", see(a))
}

// A loop that enters and never leaves loses its oldest scopes, none of the newest 64, and takes no memory for them.
func enteredForEver(t *testing.T) {
	s := gls.New[int]("s")
	t.Run("the newest are remembered", func(t *testing.T) {
		for n := 1; n < 400; n++ {
			gls.Isolate(func() {
				scopes := make([]gls.Scope, n)
				for i := range scopes {
					scopes[i] = s.Enter(i)
				}
				newest := scopes[max(0, n-64):]
				for i := len(newest) - 2; i >= 1; i -= 3 { // the last one stays: none of these is in order
					newest[i].Leave()
					if v, ok := s.Get(); !ok || v != n-len(newest)+i-1 {
						t.Fatalf("%d of %d: %d, %t", i, n, v, ok)
					}
				}
			})
		}
	})
	t.Run("the oldest are left or forgotten", func(t *testing.T) {
		gls.Isolate(func() {
			first := s.Enter(-1)
			for i := range 1000 {
				s.Enter(i)
			}
			first.Leave()
			assert.Contains(t, []string{"999", "-"}, see(s))
		})
		assert.Equal(t, "-", see(s))
	})
	t.Run("in order, all of them", func(t *testing.T) {
		gls.Isolate(func() {
			scopes := make([]gls.Scope, 1000)
			for i := range scopes {
				scopes[i] = s.Enter(i)
			}
			for i := len(scopes) - 1; i > 0; i-- {
				scopes[i].Leave()
				if v, ok := s.Get(); !ok || v != i-1 {
					t.Fatalf("%d: %d, %t", i, v, ok)
				}
			}
			scopes[0].Leave()
			assert.Equal(t, "-", see(s))
		})
	})
	t.Run("memory", func(t *testing.T) {
		for extra := range 16 { // wherever the first of them lies among those allocated together
			gls.Isolate(func() {
				before := heapBytes()
				for i := range 5000 + extra {
					s.Enter(i)
				}
				assert.Less(t, heapBytes()-before, int64(40<<10), "%d extra", extra)
				runtime.KeepAlive(s)
			})
		}
	})
}
