// Package event lets one part of the program tell others what happened.
package event

import (
	"sync"

	"github.com/ambient-go/ambient/cmd/blog/session"
	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/httpctx"
)

// A Bus has the listeners, which are added before the first event, and those who watch a tenant.
type Bus struct {
	listeners map[string][]func(what string)
	running   sync.WaitGroup

	mu       sync.Mutex // guards what follows
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

// Emit calls the listeners, after the response to the current request or when its client has gone. They still find it:
// its id, its user, its tenant. Its end does not cancel what they do.
func (b *Bus) Emit(name, what string) {
	over := gls.Context().Done()
	if over == nil {
		return // outside of a request nothing happens
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

// Watch returns what is told to the current tenant's users from now until stop is called. The channel is closed when
// there will be nothing more.
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

// Stop tells all who watch that there will be nothing more.
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

// Tell tells those who watch the current tenant. Who does not keep up misses some.
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
