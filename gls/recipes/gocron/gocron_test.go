package gocron_test

import (
	"fmt"
	"strconv"
	"sync"
	"testing"

	"github.com/go-co-op/gocron/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/gls"
	recipe "github.com/ambient-go/ambient/gls/recipes/gocron"
	"github.com/ambient-go/ambient/gls/recipes/internal/loadtest"
	"github.com/ambient-go/ambient/internal/adaptertest"
)

func TestEachRunHasItsOwnScope(t *testing.T) {
	c := loadtest.NewConsumer(t, recipe.RunID)
	var scheduler gocron.Scheduler
	var mu sync.Mutex
	ids := map[string]bool{}
	c.Start(func() { // in a request, say
		var err error
		scheduler, err = recipe.NewScheduler()
		require.NoError(t, err)
		for i := range adaptertest.Calls {
			id := strconv.Itoa(i)
			task := recipe.Scoped(func() {
				run, ok := recipe.RunID.Get()
				assert.True(t, ok)
				mu.Lock()
				assert.False(t, ids[run], "the id of another run")
				ids[run] = true
				mu.Unlock()
				recipe.RunID.Run(id, func() { c.Handle(id) })
			})
			_, err := scheduler.NewJob(gocron.OneTimeJob(gocron.OneTimeJobStartImmediately()), gocron.NewTask(func() {
				c.Bare()
				task()
			}))
			require.NoError(t, err)
		}
		gls.Isolate(scheduler.Start)
	})
	defer func() { assert.NoError(t, scheduler.Shutdown()) }()
	c.Verify(t)
	mu.Lock()
	defer mu.Unlock()
	assert.Equal(t, adaptertest.Calls, len(ids)) //nolint:testifylint // Len prints them all
}

func Example() {
	scheduler, err := recipe.NewScheduler() // the recipe
	if err != nil {
		panic(err)
	}
	done := make(chan struct{})
	_, err = scheduler.NewJob(gocron.OneTimeJob(gocron.OneTimeJobStartImmediately()),
		gocron.NewTask(recipe.Scoped(func() { // the recipe
			id, ok := recipe.RunID.Get()
			fmt.Println(len(id), ok)
			close(done)
		})))
	if err != nil {
		panic(err)
	}
	gls.Isolate(scheduler.Start) // the recipe
	<-done
	_ = scheduler.Shutdown()
	// Output: 26 true
}
