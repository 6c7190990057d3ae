package registry

import (
	"sync/atomic"

	"github.com/ambient-go/ambient/internal/frame"
)

// A Record is what one goroutine carries. It belongs to that goroutine, its owner, from Insert to Remove; then it waits
// in its slot for the next owner. In between it may be at rest, where the owner has no scope open, and be taken up again
// by the owner's next scope; a record at rest may be evicted, and an evicted one is never anybody's again.
type Record struct {
	// frame is loaded by anybody and stored by the owner alone, at any time, and by who evicts the record.
	//
	//	f -> f      the owner, a store that publishes the frame; nil means that it carries nothing at the moment
	//	            (inside Exit or Isolate, say)
	//	f -> rest   the owner, a store
	//	rest -> f   the owner, by compare and swap
	//	rest -> nil who evicts it, by compare and swap: the last change that there ever is
	frame atomic.Pointer[frame.Frame]

	// Depth counts the owner's open scopes. Only the owner reads and writes it; the shard's lock passes it on to the
	// next owner, with 0 in it.
	Depth int32

	// loose says that the record was inserted outside any scope, so that nothing but Leave removes it. Guarded by
	// shard.mu.
	loose bool
}

// rest is in force on a goroutine whose record is at rest. Nothing is found in it.
var rest frame.Frame

// Frame returns what the owner carries.
func (r *Record) Frame() *frame.Frame {
	f := r.frame.Load()
	if f == &rest {
		return nil
	}
	return f
}

// Sought returns Frame as Get needs it: nil, or a frame in which there is nothing, where the owner carries nothing.
func (r *Record) Sought() *frame.Frame { return r.frame.Load() }

// SetFrame changes what the owner carries. Only the owner may call it, and not at rest.
func (r *Record) SetFrame(f *frame.Frame) { r.frame.Store(f) }

// Held reports whether the owner, who asks, has a scope open or a value set. Otherwise the record is at rest or evicted.
func (r *Record) Held() bool { return r.Depth > 0 || r.Frame() != nil }

// Take ends the rest of a record, whose owner calls it, with a frame that is not nil. It is false for a record that has
// been evicted: the owner has none then.
func (r *Record) Take(f *frame.Frame) bool { return r.frame.CompareAndSwap(&rest, f) }

// evict reports whether the record was at rest, and ends its use.
func (r *Record) evict() bool { return r.frame.CompareAndSwap(&rest, nil) }
