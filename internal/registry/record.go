package registry

import (
	"sync/atomic"

	"github.com/ambient-go/ambient/internal/frame"
)

// A Record is what one goroutine carries. It belongs to that goroutine, its owner, from Insert to Remove; then it waits
// in its slot for the next owner.
type Record struct {
	// frame is stored by the owner alone, at any time, and loaded by anybody. nil means that the owner carries nothing
	// at the moment (inside Exit or Isolate, say). Its store publishes the frame.
	frame atomic.Pointer[frame.Frame]

	// Depth counts the owner's open scopes. Only the owner reads and writes it; the shard's lock passes it on to the
	// next owner, with 0 in it.
	Depth int32

	// loose says that the record was inserted outside any scope, so that nothing but Leave removes it. Guarded by
	// shard.mu.
	loose bool
}

// Frame returns what the owner carries.
func (r *Record) Frame() *frame.Frame { return r.frame.Load() }

// SetFrame changes what the owner carries. Only the owner may call it.
func (r *Record) SetFrame(f *frame.Frame) { r.frame.Store(f) }
