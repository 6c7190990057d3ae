package workerpool_test

import (
	"fmt"
	"testing"

	"github.com/gammazero/workerpool"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/recipes/internal/loadtest"
	recipe "github.com/ambient-go/ambient/gls/recipes/workerpool"
)

func TestEachTaskFindsItsCaller(t *testing.T) {
	pool := workerpool.New(16)
	defer pool.StopWait()
	loadtest.Pool{
		Submit: func(task func()) { recipe.Submit(pool, task) },
		Bare:   pool.Submit,
	}.Run(t)
}

var user = gls.New[string]("user")

func Example() {
	pool := workerpool.New(4)
	user.Run("Ada", func() {
		pool.Submit(gls.Bind(func() { // the recipe
			fmt.Println(user.Get())
		}))
	})
	pool.StopWait()
	// Output: Ada true
}
