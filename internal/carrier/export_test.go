package carrier

import (
	"github.com/ambient-go/ambient/internal/frame"
	"github.com/ambient-go/ambient/internal/goroutine"
	"github.com/ambient-go/ambient/internal/registry"
)

// Collected is what a garbage collection calls.
var Collected = collected

const (
	SweepAtLeast = sweepAtLeast
	MaxIdle      = maxIdle
	StopAtMost   = stopAtMost
)

// Drop is what the sweeper does to a goroutine that it takes for dead: it had this frame when it
// was listed.
func (c Cursor) Drop() bool {
	return goroutines.Drop(registry.Unscoped{ID: c.Goroutine(), Frame: c.frame})
}

// HalfDrop is the first step of Drop.
func (c Cursor) HalfDrop() bool { return c.record.Swap(c.frame, frame.Nothing()) }

// FinishDrop is the rest of it.
func (c Cursor) FinishDrop() bool {
	return goroutines.Drop(registry.Unscoped{ID: c.Goroutine(), Frame: frame.Nothing()})
}

// Peek is Frame of one who does not keep the frame.
func (c Cursor) Peek() *frame.Frame { return c.frame }

// Record returns the record of the cursor's goroutine.
func (c Cursor) Record() *registry.Record { return c.record }

// Unscoped returns the number of unscoped records.
func Unscoped() int64 { return goroutines.Unscoped() }

// Due returns the number of unscoped records at which an insert sweeps.
func Due() int64 { return max(sweeper.due.Load(), sweepAtLeast) }

// ResetDue makes the next sweep one that knows of none before it.
func ResetDue() { sweeper.due.Store(0) }

// Sweeps returns the number of sweeps so far.
func Sweeps() int {
	sweeper.mu.Lock()
	defer sweeper.mu.Unlock()
	return sweeper.sweeps
}

// SweepsStop lets the sweeper behave as where a sweep stops the world, until undo is called.
func SweepsStop() (undo func()) {
	before := stops
	stops = func() bool { return true }
	return func() { stops = before }
}

// Pin keeps frames from being used again until unpin is called.
func Pin() (unpin func()) {
	goroutines.Pin()
	return goroutines.Unpin
}

// Depth returns the number of open scopes of the cursor's goroutine.
func (c Cursor) Depth() int32 {
	if c.record == nil {
		return 0
	}
	return c.record.Depth
}

// Held reports whether the cursor's goroutine has a scope open or a value set.
func (c Cursor) Held() bool {
	if mode.Load() == inherited {
		return c.frame != nil
	}
	return c.record != nil
}

// SweepBy sweeps with another way to tell who has exited.
func SweepBy(exited func(goroutine.Handle) bool) {
	defer HoldSweeper()()
	sweepBy(func() func(goroutine.Handle) bool { return exited })
}

// HoldSweeper keeps everybody else from sweeping until release is called.
func HoldSweeper() (release func()) {
	sweeper.mu.Lock()
	return sweeper.mu.Unlock
}

// Set changes the frame in force at c as Enter and Leave do.
func Set(c Cursor, f *frame.Frame) { Enter(c, f) }

// Settled reports whether it is known how ids are read.
func Settled() bool { return mode.Load() != unsettled }
