package lo_test

import (
	"fmt"
	"testing"

	"github.com/samber/lo"
	"github.com/samber/lo/parallel"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/recipes/internal/loadtest"
	recipe "github.com/ambient-go/ambient/gls/recipes/lo"
)

func TestEachAsyncFindsItsCaller(t *testing.T) {
	loadtest.Pool{
		Submit: func(task func()) { <-recipe.Async(func() bool { task(); return true }) },
		Bare:   func(task func()) { lo.Async0(task) },
		Caller: true,
	}.Run(t)
}

func TestEachElementFindsItsCaller(t *testing.T) {
	loadtest.Pool{
		Submit: func(task func()) { recipe.ForEach([]func(){task}, func(f func(), _ int) { f() }) },
		Bare:   func(task func()) { parallel.ForEach([]func(){task}, func(f func(), _ int) { f() }) },
		Caller: true,
	}.Run(t)
}

var user = gls.New[string]("user")

func name() string { return fmt.Sprintln(user.Get()) }

func Example() {
	user.Run("Ada", func() {
		fmt.Print(<-lo.Async(gls.Bind(name))) // the recipe
	})
	// Output: Ada true
}
