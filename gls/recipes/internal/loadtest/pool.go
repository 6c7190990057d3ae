// Package loadtest asks of pools and consumers under load whether each task and each message has its own identity, and
// no worker keeps another's.
package loadtest

import (
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/internal/adaptertest"
)

var (
	user  = gls.New[string]("loadtest.user")
	inner = gls.New[string]("loadtest.inner")
)

// A Pool is what a recipe is for. Submit does not return before the pool has taken the task; it may return before the
// task is done. What Bare does is the same without the recipe.
type Pool struct {
	Submit, Bare func(task func())

	// Caller says that the library starts a goroutine for each function, which belongs to the caller: in a build with
	// inheritance a bare task sees what its caller has.
	Caller bool

	// Recovers says that the pool survives a task that panics.
	Recovers bool
}

// Run submits adaptertest.Calls tasks at once, each from a goroutine with an identity of its own, and as many bare
// ones.
func (p Pool) Run(t *testing.T) {
	t.Helper()
	adaptertest.Build(t)
	const calls = adaptertest.Calls
	var tally adaptertest.Tally
	var tasks, late sync.WaitGroup
	var panics atomic.Int64
	over := make(chan struct{})
	read := func(place, id string) {
		got, ok := user.Get()
		tally.During(place, id, got, ok)
	}
	task := func(id string) {
		defer tasks.Done()
		read("a task", id)
		inner.Enter("left open by " + id)
		var child gls.WaitGroup
		child.Go(func() { read("a child of a task", id) })
		child.Wait()
		late.Add(1)
		gls.Go(func() {
			defer late.Done()
			<-over
			got, ok := user.Get()
			tally.After("a child of a task", id, got, ok)
		})
		if n, _ := strconv.Atoi(id); p.Recovers && n%10 == 0 {
			panics.Add(1)
			panic("loadtest: a panic of a task")
		}
	}
	bare := func(id string) {
		defer tasks.Done()
		got, ok := user.Get()
		if p.Caller && gls.Propagation() == gls.Inherited {
			tally.During("a bare task", id, got, ok)
		} else {
			tally.After("a bare task", "", got, ok)
		}
		left, ok := inner.Get()
		tally.After("a bare task, what another left", "", left, ok)
	}
	tasks.Add(2 * calls)
	adaptertest.Each(calls, func(i int) {
		id := strconv.Itoa(i)
		user.Run(id, func() {
			p.Submit(func() { task(id) })
			p.Bare(func() { bare(id) })
			read("the caller", id)
		})
	})
	tasks.Wait()

	// Workers that are there still are nobody's, when nothing is set where a task comes from.
	tasks.Add(calls)
	adaptertest.Each(calls, func(int) {
		p.Bare(func() {
			defer tasks.Done()
			tally.After("a task of nobody", "", "a frame", gls.Capture() != gls.Snapshot{})
		})
	})
	tasks.Wait()
	close(over)
	late.Wait()
	tally.Verify(t, 3*calls, 3*calls)
	if p.Recovers {
		assert.EqualValues(t, calls/10, panics.Load())
	}
}
