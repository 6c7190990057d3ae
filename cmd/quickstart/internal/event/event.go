// Package event calls listeners after the request in which the event happened.
package event

import "sync"

// A Bus collects events until Deliver.
type Bus struct {
	mu      sync.Mutex // guards pending
	pending []func()
}

// Emit keeps a call of a listener for Deliver. The listener itself chooses the frame that it runs
// in.
func (b *Bus) Emit(listener func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.pending = append(b.pending, listener)
}

// Deliver calls the listeners of the collected events.
func (b *Bus) Deliver() {
	b.mu.Lock()
	pending := b.pending
	b.pending = nil
	b.mu.Unlock()
	for _, listener := range pending {
		listener()
	}
}
