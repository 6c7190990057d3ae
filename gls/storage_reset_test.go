package gls_test

import (
	"reflect"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/gls"
)

// session is a struct that is used again after `*s = session{}`, as pools do. That resets the storage in it to one that
// has never been set.
type session struct {
	user gls.Storage[string]
	n    int
}

func (s *session) reset() { *s = session{} } // which go vet does not report

func userOf(s *session) string {
	user, ok := s.user.Get()
	if !ok {
		return "nobody"
	}
	return user
}

func TestBindingFromBeforeAReset(t *testing.T) {
	var a, b session
	binding := a.user.With("ada")
	a.reset()
	gls.Run(func() { assert.Equal(t, "ada", userOf(&a)) }, binding)
	assert.Equal(t, "nobody", userOf(&a))

	binding = a.user.With("ada")
	a.reset()
	b.user.Run("bob", func() {
		gls.Run(func() {
			assert.Equal(t, "ada", userOf(&a))
			assert.Equal(t, "bob", userOf(&b))
		}, binding, b.user.With("carol"), b.user.With("bob"))
		assert.Equal(t, "nobody", userOf(&a))
	})

	binding = a.user.With("ada")
	a.reset()
	a.user.Run("eve", func() {
		gls.Run(func() { assert.Equal(t, "ada", userOf(&a)) }, binding, a.user.With("eve"), binding)
		assert.Equal(t, "eve", userOf(&a))
	})

	binding = a.user.With("ada")
	a.reset()
	a.user.Disable()
	gls.Run(func() { assert.Equal(t, "ada", userOf(&a)) }, binding)
	assert.True(t, gls.Capture() == gls.Snapshot{})
}

// A reset ends the storage's values, as Disable does. What was set before does not come back.
func TestResetInsideAScope(t *testing.T) {
	var a, other session
	other.user.Run("bob", func() {
		a.user.Run("ada", func() {
			scope := a.user.Enter("eve")
			snapshot := gls.Capture()
			a.reset()
			assert.Equal(t, "nobody", userOf(&a))
			assert.Error(t, func() error { _, err := a.user.Lookup(); return err }())
			a.user.Exit(func() { assert.Equal(t, "nobody", userOf(&a)) })
			a.user.Run("carol", func() {
				assert.Equal(t, "carol", userOf(&a))
				a.user.Exit(func() { assert.Equal(t, "nobody", userOf(&a)) })
				snapshot.Run(func() { assert.Equal(t, "nobody", userOf(&a)) })
				inner := a.user.Enter("dan")
				scope.Leave()
				assert.Equal(t, "dan", userOf(&a))
				inner.Leave()
				assert.Equal(t, "carol", userOf(&a))
			})
			scope.Leave()
			assert.Equal(t, "nobody", userOf(&a))
			assert.Equal(t, "bob", userOf(&other))
		})
	})
	assert.True(t, gls.Capture() == gls.Snapshot{})
	runtime.KeepAlive(&a)
}

// overwrite copies a session in a way that go vet does not report.
func overwrite(to, from *session) { reflect.ValueOf(to).Elem().Set(reflect.ValueOf(from).Elem()) }

func TestManyResetsInOneScope(t *testing.T) {
	var a, b session
	b.user.Run("bob", func() {
		for i := range 1000 {
			a.user.Run("ada", func() {
				assert.Equal(t, "ada", userOf(&a))
				a.reset()
				assert.Equal(t, "nobody", userOf(&a))
			})
			binding := a.user.With("ada")
			if i%2 == 0 {
				a.reset()
			}
			gls.Run(func() {
				assert.Equal(t, "ada", userOf(&a))
				assert.Equal(t, "bob", userOf(&b))
			}, binding)
		}
	})
	assert.True(t, gls.Capture() == gls.Snapshot{})
}

func TestStorageOverwrittenWithAnother(t *testing.T) {
	var a, b session
	b.user.Run("bob", func() {
		overwrite(&a, &b) // the copy is a storage of its own
		assert.Equal(t, "nobody", userOf(&a))
		binding := a.user.With("ada")
		a.user.Run("carol", func() {
			assert.Equal(t, "carol", userOf(&a))
			assert.Equal(t, "bob", userOf(&b))
		})
		overwrite(&b, &a) // and so is this
		assert.Equal(t, "nobody", userOf(&b))
		b.user.Run("dan", func() { assert.Equal(t, "dan", userOf(&b)) })
		gls.Run(func() { assert.Equal(t, "ada", userOf(&a)) }, binding)
	})
	assert.True(t, gls.Capture() == gls.Snapshot{})
	_ = a.n
}

// Values of storages that were reset while they were set do not pile up on a goroutine that never leaves its scopes.
func TestResetValuesAreGivenBack(t *testing.T) {
	type large struct {
		storage gls.Storage[*[4096]byte]
	}
	var others [4]session
	var bindings []gls.Binding
	for i := range others {
		bindings = append(bindings, others[i].user.With("bob"))
	}
	gls.Run(func() {
		var s large
		before := liveHeap()
		for range 1000 {
			s.storage.Enter(new([4096]byte))
			s = large{}
		}
		assert.Less(t, liveHeap()-before, int64(100*4096))
		for i := range others {
			assert.Equal(t, "bob", userOf(&others[i]))
		}
		runtime.KeepAlive(&s)
	}, bindings...)
}

func liveHeap() int64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}
