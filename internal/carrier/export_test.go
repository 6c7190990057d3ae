package carrier

import "github.com/ambient-go/ambient/internal/registry"

// Collected is what a garbage collection calls.
var Collected = collected

const (
	SweepAtLeast      = sweepAtLeast
	SweepAtCollection = sweepAtCollection
	MaxIdle           = maxIdle
)

// TakeForDead is what the sweeper does to a goroutine that it does not find among the living.
func (p Place) TakeForDead() bool {
	return goroutines.Drop(registry.Loose{ID: p.id, Frame: p.frame})
}

// Record returns the record of the place's goroutine.
func (p Place) Record() *registry.Record { return p.record }

// Loose returns the number of loose records.
func Loose() int64 { return goroutines.Loose() }

// Due returns the number of loose records at which an insert sweeps.
func Due() int64 { return max(loose.due.Load(), sweepAtLeast) }

// ResetDue makes the next sweep one that knows of none before it.
func ResetDue() { loose.due.Store(0) }

// Depth returns the number of open scopes of the place's goroutine.
func (p Place) Depth() int32 {
	if p.record == nil {
		return 0
	}
	return p.record.Depth
}

// Held reports whether the place's goroutine has a scope open or a value set.
func (p Place) Held() bool {
	if mode == inherited {
		return p.frame != nil
	}
	return p.record != nil && p.record.Held()
}

// HoldSweeper keeps everybody else from sweeping until release is called.
func HoldSweeper() (release func()) {
	loose.mu.Lock()
	return loose.mu.Unlock
}
