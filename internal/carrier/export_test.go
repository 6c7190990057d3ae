package carrier

import (
	"github.com/ambient-go/ambient/internal/frame"
	"github.com/ambient-go/ambient/internal/registry"
)

// Collected is what a garbage collection calls.
var Collected = collected

const (
	SweepAtLeast      = sweepAtLeast
	SweepAtCollection = sweepAtCollection
	MaxIdle           = maxIdle
)

// TakeForDead is what the sweeper does to a goroutine that it does not find among the living.
func (c Cursor) TakeForDead() bool {
	return goroutines.Drop(registry.Loose{ID: c.id, Frame: c.frame})
}

// Record returns the record of the cursor's goroutine.
func (c Cursor) Record() *registry.Record { return c.record }

// Loose returns the number of loose records.
func Loose() int64 { return goroutines.Loose() }

// Due returns the number of loose records at which an insert sweeps.
func Due() int64 { return max(loose.due.Load(), sweepAtLeast) }

// ResetDue makes the next sweep one that knows of none before it.
func ResetDue() { loose.due.Store(0) }

// Depth returns the number of open scopes of the cursor's goroutine.
func (c Cursor) Depth() int32 {
	if c.record == nil {
		return 0
	}
	return c.record.Depth
}

// Held reports whether the cursor's goroutine has a scope open or a value set.
func (c Cursor) Held() bool {
	if mode == inherited {
		return c.frame != nil
	}
	return c.record != nil && c.record.Held()
}

// HoldSweeper keeps everybody else from sweeping until release is called.
func HoldSweeper() (release func()) {
	loose.mu.Lock()
	return loose.mu.Unlock
}

// Set changes the frame in force at c as Enter and Leave do.
func Set(c Cursor, f *frame.Frame) { Enter(c, f) }
