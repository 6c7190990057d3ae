package pond_test

import (
	"fmt"
	"testing"

	"github.com/alitto/pond/v2"
	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/recipes/internal/loadtest"
	recipe "github.com/ambient-go/ambient/gls/recipes/pond"
)

func TestEachTaskFindsItsCaller(t *testing.T) {
	pool := pond.NewPool(16)
	defer pool.StopAndWait()
	loadtest.Pool{
		Submit:   func(task func()) { recipe.Submit(pool, task) },
		Bare:     func(task func()) { pool.Submit(task) },
		Recovers: true,
	}.Run(t)
}

func TestEachTaskOfAGroupFindsItsCaller(t *testing.T) {
	pool := pond.NewPool(16)
	defer pool.StopAndWait()
	loadtest.Pool{
		Submit: func(task func()) { assert.NoError(t, pool.NewGroup().Submit(gls.Bind(task)).Wait()) },
		Bare:   func(task func()) { assert.NoError(t, pool.NewGroup().Submit(task).Wait()) },
	}.Run(t)
}

var user = gls.New[string]("user")

func Example() {
	pool := pond.NewPool(4)
	defer pool.StopAndWait()
	user.Run("Ada", func() {
		_ = pool.Submit(gls.Bind(func() { // the recipe
			fmt.Println(user.Get())
		})).Wait()
	})
	// Output: Ada true
}
