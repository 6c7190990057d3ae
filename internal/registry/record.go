package registry

import (
	"sync/atomic"

	"github.com/ambient-go/ambient/internal/frame"
)

// A Record holds the frame in force on one goroutine, its owner, from Claim or Insert to Release or
// Remove. All fields but id and frame are the owner's. In a slot's own record, id passes them on to
// the next owner; records of tables pass through a sync.Pool.
type Record struct {
	// id is the owner's, 0 if the record has none.
	//
	//	0 -> id    Claim, by compare-and-swap in a slot; Insert, before the record is in a table
	//	id -> 0    Release, a claim that backs out, Drop
	//
	// A goroutine that loads its own id here is the owner, or its record is being dropped right
	// now.
	id atomic.Uint64

	// frame is the frame in force on the owner. Its store publishes the frame's contents.
	//
	//	nil -> f            Insert, before the record is in a table
	//	nil, f -> f         SetFrame, by the owner
	//	f -> f              Swap, by the owner: compare-and-swap
	//	f -> frame.Nothing  Drop: compare-and-swap, and the last change that there ever is
	//	f -> nil            Release and Remove, before id
	//
	// After SetFrame the owner never sees nil, so that Get needs no nil check: frame.Nothing stands
	// for no frame.
	frame atomic.Pointer[frame.Frame]

	// Spare is an empty frame that only the owner has, for its next scope; nil without one.
	Spare *frame.Frame

	// Depth is the number of open scopes.
	Depth int32

	// Escaped says that other goroutines may have the frame of the innermost scope that RunOwn of
	// package carrier opened: through a snapshot, say.
	Escaped bool
}

// Is reports whether the record belongs to the running goroutine, whose id is id. It is on the path
// of Get.
func (r *Record) Is(id uint64) bool { return r.id.Load() == id }

// InForce returns the owner's frame, or frame.Nothing. It is on the path of Get.
func (r *Record) InForce() *frame.Frame { return r.frame.Load() }

// Frame returns the owner's frame, or nil.
func (r *Record) Frame() *frame.Frame {
	if f := r.frame.Load(); f != frame.Nothing() {
		return f
	}
	return nil
}

// SetFrame changes the owner's frame to f, which is not nil.
func (r *Record) SetFrame(f *frame.Frame) { r.frame.Store(f) }

// Swap is SetFrame for an unscoped record, which the sweeper may drop if it takes the owner for
// dead. It reports false if the record was dropped since the owner loaded old.
func (r *Record) Swap(old, f *frame.Frame) bool { return r.frame.CompareAndSwap(old, f) }
