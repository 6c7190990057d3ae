package loadtest

import (
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/internal/adaptertest"
)

// A Consumer handles adaptertest.Calls messages, or runs as many jobs, which have the ids "0", "1" and so on. It is
// what a recipe is given.
type Consumer struct {
	message *gls.Storage[string] // the recipe's own: the id of the message in work

	tally   adaptertest.Tally
	mu      sync.Mutex
	seen    map[string]int
	handled sync.WaitGroup
	late    sync.WaitGroup
	over    chan struct{}
}

// NewConsumer returns a Consumer for a recipe whose scopes set message.
func NewConsumer(t *testing.T, message *gls.Storage[string]) *Consumer {
	t.Helper()
	adaptertest.Build(t)
	c := &Consumer{message: message, seen: map[string]int{}, over: make(chan struct{})}
	c.handled.Add(adaptertest.Calls)
	return c
}

// Start calls start where much is set that no message may see, as where a consumer starts lazily during a request.
func (c *Consumer) Start(start func()) {
	user.Run("the starter", func() {
		inner.Enter("what the starter left open")
		c.message.Run("another message", start)
	})
}

// Handle is what a recipe does for the message or the job id.
func (c *Consumer) Handle(id string) {
	c.mu.Lock()
	c.seen[id]++
	first := c.seen[id] == 1
	c.mu.Unlock()
	if !first {
		return // delivered again
	}
	defer c.handled.Done()
	got, ok := user.Get()
	c.tally.After("a message: what its starter had", "", got, ok)
	got, ok = inner.Get()
	c.tally.After("a message: what another left open", "", got, ok)
	read := func(place string) {
		got, ok := c.message.Get()
		c.tally.During(place, id, got, ok)
	}
	read("a message")
	var child gls.WaitGroup
	child.Go(func() { read("a child of a message") })
	child.Wait()
	c.late.Add(1)
	gls.Go(func() {
		defer c.late.Done()
		<-c.over
		got, ok := c.message.Get()
		c.tally.After("a child of a message", id, got, ok)
	})
	inner.Enter("left open by " + id)
	user.Enter(id)
}

// Bare is called by the consumer's goroutine itself, between messages. There the error text must not advise to bind the
// handler, which would give each message what the subscriber had.
func (c *Consumer) Bare() {
	c.tally.After("a consumer between messages", "", "a frame", gls.Capture() != gls.Snapshot{})
	if _, err := user.Lookup(); gls.Propagation() == gls.Explicit && !strings.Contains(err.Error(), "set it inside") {
		c.tally.After("a consumer between messages", "", err.Error(), true)
	}
}

// Verify waits until all messages have been handled.
func (c *Consumer) Verify(t *testing.T) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		c.handled.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(2 * time.Minute):
		c.mu.Lock()
		defer c.mu.Unlock()
		assert.Equal(t, adaptertest.Calls, len(c.seen), "messages handled") //nolint:testifylint // Len prints them all
		return
	}
	close(c.over)
	c.late.Wait()
	c.tally.Verify(t, 2*adaptertest.Calls, 3*adaptertest.Calls)
}

// Each calls fn with every id of a message, at once, each as a user of its own.
func Each(fn func(id string)) {
	adaptertest.Each(adaptertest.Calls, func(i int) {
		id := strconv.Itoa(i)
		user.Run("sender of "+id, func() { fn(id) })
	})
}

// Completion counts the calls of functions that complete what a sender has begun.
type Completion struct {
	tally adaptertest.Tally
	all   sync.WaitGroup
}

// Expect is called before what completes later has begun.
func (c *Completion) Expect() { c.all.Add(1) }

// Done is what completes what the sender of id has begun.
func (c *Completion) Done(id string) {
	got, ok := user.Get()
	c.tally.During("a completion", "sender of "+id, got, ok)
	inner.Enter("left open by " + id)
	c.all.Done()
}

// Bare is called by the goroutine that completes things, for nobody.
func (c *Completion) Bare() {
	c.tally.After("a completion of nobody", "", "a frame", gls.Capture() != gls.Snapshot{})
	c.all.Done()
}

// None fails where there was none, or one had what is set for somebody.
func (c *Completion) None(t *testing.T) {
	t.Helper()
	c.all.Wait()
	c.tally.Verify(t, 0, 1)
}

// Verify waits until all is completed.
func (c *Completion) Verify(t *testing.T) {
	t.Helper()
	c.all.Wait()
	c.tally.Verify(t, adaptertest.Calls, 0)
}
