package registry

import (
	"sync/atomic"

	"github.com/ambient-go/ambient/internal/frame"
)

// A Record is what one goroutine carries. It belongs to that goroutine, its owner, from Insert to Remove; then it waits
// in its slot for the next owner. In between it may be at rest, where the owner has no scope open, and be taken up again
// by the owner's next scope; a record at rest may be evicted, and an evicted one is never anybody's again.
type Record struct {
	// frame is loaded by anybody. Its store publishes the frame.
	//
	//	nil -> f      Insert, under shard.mu
	//	f -> f        SetFrame, by the owner; nil means that it carries nothing at the moment (inside Exit, say)
	//	f -> rest     Rest, by the owner
	//	rest -> f     Take, by the owner: compare and swap
	//	rest -> nil   evict, under shard.mu: compare and swap, and the last change that there ever is
	//	f, rest -> nil   Remove, by the owner, and Drop: under shard.mu
	frame atomic.Pointer[frame.Frame]

	// turn is the number of owners before this one. Added to under shard.mu before a next owner's frame is stored,
	// loaded by anybody: what is read between two loads of the same number is of one owner.
	turn atomic.Uint64

	// Depth counts the owner's open scopes. Only the owner reads and writes it; the shard's lock passes it on to the
	// next owner, with 0 in it.
	Depth int32

	// rests counts, up to maxRests, how often the record has come to rest. The owner's, as Depth is, until the record is
	// evicted: then it is read by who evicted it, after whom the owner changes nothing.
	rests uint16

	// loose says that the record was inserted outside any scope, so that nothing but Leave removes it. Guarded by
	// shard.mu.
	loose bool
}

const maxRests = 1 << 10

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

// evict reports whether the record was at rest, and ends its use. shard.mu is held.
func (r *Record) evict() bool { return r.frame.CompareAndSwap(&rest, nil) }

// A tenancy is what a foreign reader has seen of a slot: an owner's record and the turn of that owner, or of another
// one who has come since the key was read.
type tenancy struct {
	slot   *slot
	record *Record
	turn   uint64
}

// tenancy begins a foreign reader's look at the slot; the record is nil if there is none.
func (s *slot) tenancy() tenancy {
	r := s.record.Load()
	if r == nil {
		return tenancy{slot: s}
	}
	return tenancy{s, r, r.turn.Load()}
}

// lasts reports whether what was read of the record since belongs to that goroutine: it is the slot's, and nobody's turn
// has begun. Its id alone would not say so, since a goroutine that leaves and comes back finds its place free.
func (t tenancy) lasts(id uint64) bool {
	return t.record != nil && t.slot.key.Load() == id && t.record.turn.Load() == t.turn
}
