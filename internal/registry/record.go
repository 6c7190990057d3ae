package registry

import (
	"sync/atomic"

	"github.com/ambient-go/ambient/internal/frame"
)

// A Record is what one goroutine carries. It belongs to that goroutine, its owner, from Insert to Remove; then it waits
// in its slot for the next owner. In between it may be at rest, where the owner has no scope open, and be taken up again
// by the owner's next scope; a record at rest may be evicted, and an evicted one is never anybody's again.
type Record struct {
	// frame is never nil in a record that has or had an owner: what stands for no frame is read as one in which nothing
	// is found. It is stored by the owner, and by others as said here; loaded by the owner without more, and by others
	// under shard.mu, or in a seat, inside Watch if they follow it. Its store publishes the frame.
	//
	//	gone -> f        Insert, under shard.mu
	//	f -> f           SetFrame, by the owner; none means that it carries nothing at the moment (inside Exit, say)
	//	f -> rest        Rest, by the owner
	//	rest -> f        Take, by the owner: compare and swap
	//	rest -> gone     evict, under shard.mu: compare and swap, and the last change that there ever is
	//	f, rest -> gone  Remove, by the owner, and Drop: under shard.mu
	frame atomic.Pointer[frame.Frame]

	// id is the owner's, 0 while there is none. Stored under shard.mu; loaded by anybody who finds the record as a hint: a
	// goroutine that reads its own id here is the owner, or is being evicted or dropped, since it alone inserts its id.
	id atomic.Uint64

	// Spare is an empty frame that nobody else has, for the owner's next scope; nil without one. The owner's, as Depth is.
	Spare *frame.Frame

	// Depth counts the owner's open scopes. Only the owner reads and writes it; the shard's lock passes it on to the
	// next owner, with 0 in it.
	Depth int32

	// rests counts, up to maxRests, how often the record has come to rest. The owner's, as Depth is, until the record is
	// evicted: then it is read by who evicted it, after whom the owner changes nothing.
	rests uint16

	// Lent says that the frame of the innermost scope that RunOwn of package carrier opened may be in other hands by now:
	// in a snapshot's, say. The owner's, as Depth is.
	Lent bool

	// loose says that the record was inserted outside any scope, so that nothing but Leave removes it. Guarded by
	// shard.mu.
	loose bool
}

const maxRests = 1 << 10

// What a record's frame is where there is none. Nothing is found in them.
var (
	none = frame.Nothing() // in force on a goroutine that carries nothing at the moment
	rest = frame.Nothing() // in a record at rest
	gone = frame.Nothing() // in one that is nobody's, or was evicted
)

func newRecord() *Record {
	r := new(Record)
	r.frame.Store(gone)
	return r
}

// Frame returns what the owner carries.
func (r *Record) Frame() *frame.Frame {
	f := r.frame.Load()
	if f.IsNothing() {
		return nil
	}
	return f
}

// Sought returns Frame as Get needs it: where the owner carries nothing, a frame in which nothing is found, never nil.
func (r *Record) Sought() *frame.Frame { return r.frame.Load() }

// SetFrame changes what the owner carries. Only the owner may call it, and not at rest.
func (r *Record) SetFrame(f *frame.Frame) {
	if f == nil {
		f = none
	}
	r.frame.Store(f)
}

// Held reports whether the owner, who asks, has a scope open or a value set. Otherwise the record is at rest or evicted.
func (r *Record) Held() bool { return r.Depth > 0 || r.Frame() != nil }

// evict reports whether the record was at rest, and ends its use. shard.mu is held.
func (r *Record) evict() bool {
	if !r.frame.CompareAndSwap(rest, gone) {
		return false
	}
	r.id.Store(0)
	return true
}
