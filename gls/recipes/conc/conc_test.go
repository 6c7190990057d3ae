package conc_test

import (
	"fmt"
	"testing"

	"github.com/sourcegraph/conc"
	"github.com/sourcegraph/conc/iter"
	"github.com/sourcegraph/conc/panics"
	"github.com/sourcegraph/conc/pool"

	"github.com/ambient-go/ambient/gls"
	recipe "github.com/ambient-go/ambient/gls/recipes/conc"
	"github.com/ambient-go/ambient/gls/recipes/internal/loadtest"
)

func TestEachFunctionOfAGroupFindsItsCaller(t *testing.T) {
	loadtest.Pool{
		Submit:   func(task func()) { var g conc.WaitGroup; recipe.Go(&g, task); g.WaitAndRecover() },
		Bare:     func(task func()) { var g conc.WaitGroup; g.Go(task); g.Wait() },
		Caller:   true,
		Recovers: true,
	}.Run(t)
}

// A group that all callers share runs each function as the caller that gave it.
func TestEachFunctionOfASharedGroupFindsItsCaller(t *testing.T) {
	var group conc.WaitGroup
	defer group.WaitAndRecover()
	loadtest.Pool{
		Submit: func(task func()) { recipe.Go(&group, task) }, Bare: group.Go,
		Caller: true, Recovers: true,
	}.Run(t)
}

// One goroutine at a time may give a pool of conc functions.
func TestEachFunctionOfAPoolFindsItsCaller(t *testing.T) {
	workers := pool.New().WithMaxGoroutines(16)
	turn := make(chan struct{}, 1)
	loadtest.Pool{
		Submit: func(task func()) {
			turn <- struct{}{}
			recipe.Submit(workers, func() { panics.Try(task) })
			<-turn
		},
		Bare: func(task func()) {
			turn <- struct{}{}
			workers.Go(task)
			<-turn
		},
		Recovers: true,
	}.Run(t)
	workers.Wait()
}

func TestEachElementFindsItsCaller(t *testing.T) {
	loadtest.Pool{
		Submit: func(task func()) { recipe.ForEach([]func(){task}, func(f *func()) { (*f)() }) },
		Bare:   func(task func()) { iter.ForEach([]func(){task}, func(f *func()) { (*f)() }) },
		Caller: true,
	}.Run(t)
}

var user = gls.New[string]("user")

func Example() {
	var group conc.WaitGroup
	user.Run("Ada", func() {
		group.Go(gls.Bind(func() { // the recipe
			fmt.Println(user.Get())
		}))
	})
	group.Wait()
	// Output: Ada true
}
