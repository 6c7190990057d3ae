package cron_test

import (
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/robfig/cron/v3"
	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/gls"
	recipe "github.com/ambient-go/ambient/gls/recipes/cron"
	"github.com/ambient-go/ambient/gls/recipes/internal/loadtest"
	"github.com/ambient-go/ambient/internal/adaptertest"
)

// once is a schedule of one run, at once.
type once struct{ asked bool }

func (o *once) Next(t time.Time) time.Time {
	if o.asked {
		return time.Time{}
	}
	o.asked = true
	return t.Add(time.Millisecond)
}

func TestEachRunHasItsOwnScope(t *testing.T) {
	for name, start := range map[string]func(*cron.Cron){
		"Start":            func(c *cron.Cron) { gls.Isolate(c.Start) },
		"Run":              func(c *cron.Cron) { go gls.Isolate(c.Run) },
		"Start of its own": (*cron.Cron).Start,
	} {
		t.Run(name, func(t *testing.T) {
			c := loadtest.NewConsumer(t, recipe.RunID)
			schedule := cron.New(cron.WithChain(bare(c), recipe.Scoped))
			var mu sync.Mutex
			ids := map[string]bool{}
			add := func(id string) {
				schedule.Schedule(new(once), cron.FuncJob(func() {
					run, ok := recipe.RunID.Get()
					assert.True(t, ok)
					mu.Lock()
					assert.False(t, ids[run], "the id of another run")
					ids[run] = true
					mu.Unlock()
					recipe.RunID.Run(id, func() { c.Handle(id) })
				}))
			}
			c.Start(func() { // in a request, say
				for i := range adaptertest.Calls {
					add(strconv.Itoa(i))
				}
				start(schedule)
			})
			defer schedule.Stop()
			c.Verify(t)
			mu.Lock()
			defer mu.Unlock()
			assert.Equal(t, adaptertest.Calls, len(ids)) //nolint:testifylint // Len prints them all
		})
	}
}

// bare looks at the goroutine on which the library runs a job.
func bare(c *loadtest.Consumer) cron.JobWrapper {
	return func(job cron.Job) cron.Job {
		return cron.FuncJob(func() {
			c.Bare()
			job.Run()
		})
	}
}

func Example() {
	done := make(chan struct{})
	c := cron.New(cron.WithChain(recipe.Scoped)) // the recipe
	c.Schedule(new(once), cron.FuncJob(func() {
		id, ok := recipe.RunID.Get()
		fmt.Println(len(id), ok)
		close(done)
	}))
	gls.Isolate(c.Start) // the recipe
	defer c.Stop()
	<-done
	// Output: 26 true
}
