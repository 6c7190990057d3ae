package registry_test

import (
	"fmt"
	"testing"

	"github.com/ambient-go/ambient/internal/frame"
	"github.com/ambient-go/ambient/internal/registry"
)

// FuzzMap decodes bytes into operations on ids that share their home slots.
func FuzzMap(f *testing.F) {
	f.Add([]byte{0, 1, 2, 128, 129, 130, 3, 131})
	f.Add([]byte("insert, remove, insert again, list"))
	ids := append(registry.Collide(32, 64), sequence(1, 1, 32)...)
	f.Fuzz(func(t *testing.T, program []byte) {
		m := registry.NewMap()
		want := map[uint64]*frame.Frame{}
		for _, op := range program {
			id := ids[op&63]
			_, in := want[id]
			switch {
			case op < 128 && !in:
				want[id] = new(frame.Frame)
				m.Insert(id, want[id], op&64 != 0)
			case op < 128:
				want[id] = new(frame.Frame)
				m.Find(id).SetFrame(want[id])
			default:
				if m.Remove(id) != in {
					t.Fatalf("remove %d: not %v", id, in)
				}
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
