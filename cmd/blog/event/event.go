// Package event lets one part of the program tell others about events.
package event

import (
	"sync"

	"github.com/ambient-go/ambient/cmd/blog/session"
	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/httpctx"
)

// A Bus has listeners, which are added before the first event, and channels that users of a tenant
// watch.
type Bus struct {
	listeners map[string][]func(what string)
	running   sync.WaitGroup

	mu       sync.Mutex // guards the fields below
	watchers map[chan string]uint
	stopped  bool
}

// On adds a listener.
func (b *Bus) On(name string, listener func(what string)) {
	if b.listeners == nil {
		b.listeners = make(map[string][]func(string))
	}
	b.listeners[name] = append(b.listeners[name], listener)
}

// Emit calls the listeners once the current request has ended. In a listener the request is still
// there, with its id, user and tenant, and its context is not cancelled.
func (b *Bus) Emit(name, what string) {
	over := gls.Context().Done()
	if over == nil {
		return // there is no request
	}
	for _, listener := range b.listeners[name] {
		b.running.Add(1)
		httpctx.GoDetached(func() {
			defer b.running.Done()
			<-over
			listener(what)
		})
	}
}

// Wait waits for the listeners of all events.
func (b *Bus) Wait() { b.running.Wait() }

// Watch returns a channel that receives what Tell sends to the current tenant, until stop is
// called. Stop closes the channel.
func (b *Bus) Watch() (told <-chan string, stop func()) {
	t, ok := session.CurrentTenant()
	if !ok {
		return nil, func() {}
	}
	ch := make(chan string, 16)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.watchers == nil {
		b.watchers = make(map[chan string]uint)
	}
	b.watchers[ch] = t.ID
	if b.stopped {
		close(ch)
	}
	return ch, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.watchers, ch)
	}
}

// Stop closes the channels of Watch.
func (b *Bus) Stop() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.stopped {
		return
	}
	b.stopped = true
	for ch := range b.watchers {
		close(ch)
	}
}

// Tell sends a text to all who watch the current tenant. A watcher that does not receive in time
// misses it.
func (b *Bus) Tell(what string) {
	t, ok := session.CurrentTenant()
	if !ok {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for ch, tenant := range b.watchers {
		if tenant != t.ID || b.stopped {
			continue
		}
		select {
		case ch <- what:
		default:
		}
	}
}
