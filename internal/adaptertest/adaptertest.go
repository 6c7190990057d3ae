// Package adaptertest checks the rule that all adapters share: of many calls that run at once, each
// finds its own identity.
package adaptertest

import (
	"os"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/gls"
)

// Calls is the number of requests or messages that an adapter's test has in flight at once.
const Calls = 2000

// Build fails the test if AMBIENT_EXPECT names another propagation mode than the build has, so that
// a run meant for a build with inheritance cannot pass as one of the other build.
func Build(t *testing.T) {
	t.Helper()
	if want := os.Getenv("AMBIENT_EXPECT"); want != "" {
		assert.Equal(t, want, gls.Propagation().String())
	}
}

// Each calls fn(0) to fn(n-1), each on a goroutine of its own, and returns when all have returned.
func Each(n int, fn func(i int)) {
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { fn(i) })
	}
	all.Wait()
}

// A Tally counts the identities that are found where the identity want belongs. The zero value is
// empty. Its methods are safe for concurrent use.
type Tally struct {
	own, lost, foreign, late atomic.Int64

	first atomic.Pointer[string] // the first fault, in words
}

// During counts one read by code of the call want. It found got, if ok, or nothing.
func (t *Tally) During(place, want, got string, ok bool) {
	switch {
	case !ok:
		t.fault(&t.lost, place+" of "+want+" finds nothing")
	case got != want:
		t.fault(&t.foreign, place+" of "+want+" finds "+got)
	default:
		t.own.Add(1)
	}
}

// After counts one read on a goroutine of the call want, which has ended. It may find nothing, or
// its own call's identity, but no other's.
func (t *Tally) After(place, want, got string, ok bool) {
	if ok && got != want {
		t.fault(&t.foreign, place+" finds "+got+" after "+want)
		return
	}
	t.late.Add(1)
}

func (t *Tally) fault(count *atomic.Int64, text string) {
	count.Add(1)
	t.first.CompareAndSwap(nil, &text)
}

// Verify fails the test if a read found nothing or another's identity, or if there were fewer reads
// than during and late, which would prove nothing.
func (t *Tally) Verify(tb testing.TB, during, late int) {
	tb.Helper()
	text := ""
	if first := t.first.Load(); first != nil {
		text = *first
	}
	assert.Zero(tb, t.foreign.Load(), "another's: %s", text)
	assert.Zero(tb, t.lost.Load(), "lost: %s", text)
	assert.GreaterOrEqual(tb, t.own.Load(), int64(during), "reads during calls")
	assert.GreaterOrEqual(tb, t.late.Load(), int64(late), "reads after calls")
}
