package registry_test

import (
	"flag"
	"os"
	"runtime"

	"github.com/ambient-go/ambient/internal/frame"
	"github.com/ambient-go/ambient/internal/goroutine"
	"github.com/ambient-go/ambient/internal/registry"
)

var long = flag.Bool("long", os.Getenv("AMBIENT_LONG") != "", "run the long forms of the stress tests")

var owner frame.Storage

// frameOf returns a frame that tells whose it is.
func frameOf(id uint64) *frame.Frame {
	return (*frame.Frame)(nil).With(frame.Binding{Key: frame.MakeKey[uint64](&owner), Value: id}, nil)
}

// idIn returns whose frame it is.
func idIn(f *frame.Frame) uint64 { return f.Find(owner.Key()).Value.(uint64) }

// of returns what others see on a goroutine.
func of(m *registry.Map, id uint64) (f *frame.Frame) {
	m.Of(id, func(seen *frame.Frame) { f = seen })
	return f
}

// claim is how a scope begins.
func claim(m *registry.Map, id uint64, f *frame.Frame) *registry.Record {
	r := m.Claim(id)
	r.SetFrame(f)
	r.Depth = 1
	return r
}

func insert(m *registry.Map, id uint64, f *frame.Frame) { m.Insert(id, f, goroutine.Handle{}) }

func sequence(from, step uint64, n int) []uint64 {
	ids := make([]uint64, n)
	for i := range ids {
		ids[i] = from + uint64(i)*step
	}
	return ids
}

func heap() int64 {
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}
