package registry_test

import (
	"fmt"
	"testing"

	"github.com/ambient-go/ambient/internal/frame"
	"github.com/ambient-go/ambient/internal/registry"
)

// FuzzMap decodes bytes into operations on ids that share their slots and home cells.
func FuzzMap(f *testing.F) {
	f.Add([]byte{0, 1, 2, 128, 129, 130, 3, 131})
	f.Add([]byte("insert, remove, insert again, list"))
	ids := append(registry.Collide(32, 64), sequence(1, 1, 32)...)
	f.Fuzz(func(t *testing.T, program []byte) {
		m := new(registry.Map)
		want := map[uint64]*frame.Frame{}
		scoped := map[uint64]*registry.Record{}
		for _, op := range program {
			id := ids[op&63]
			_, in := want[id]
			switch {
			case op < 64 && !in:
				want[id] = new(frame.Frame)
				scoped[id] = claim(m, id, want[id])
			case op < 128 && !in:
				want[id] = new(frame.Frame)
				insert(m, id, want[id])
			case op < 128:
				want[id] = new(frame.Frame)
				m.Lookup(id).SetFrame(want[id])
			case scoped[id] != nil:
				m.Release(scoped[id], nil)
				delete(scoped, id)
				delete(want, id)
			case op < 192:
				if m.Drop(registry.Unscoped{ID: id, Frame: want[id]}) != in {
					t.Fatalf("drop %d: not %v", id, in)
				}
				delete(want, id)
			default:
				m.Remove(id)
				delete(want, id)
			}
		}
		if msg := m.Check(); msg != "" {
			t.Fatal(msg)
		}
		for _, id := range ids {
			if of(m, id) != want[id] {
				t.Fatal(fmt.Sprint("id ", id, " is lost or wrong"))
			}
		}
	})
}
