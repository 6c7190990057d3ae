package ants_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/panjf2000/ants/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/gls"
	recipe "github.com/ambient-go/ambient/gls/recipes/ants"
	"github.com/ambient-go/ambient/gls/recipes/internal/loadtest"
)

func TestEachTaskFindsItsCaller(t *testing.T) {
	pool, err := ants.NewPool(16, ants.WithPanicHandler(func(any) {}))
	require.NoError(t, err)
	defer pool.Release()
	loadtest.Pool{
		Submit:   func(task func()) { assert.NoError(t, recipe.Submit(pool, task)) },
		Bare:     func(task func()) { assert.NoError(t, pool.Submit(task)) },
		Recovers: true,
	}.Run(t)
}

func TestEachJobFindsItsCaller(t *testing.T) {
	pool, err := recipe.NewPool(16, ants.WithPanicHandler(func(any) {}))
	require.NoError(t, err)
	defer pool.Release()
	bare, err := ants.NewPoolWithFuncGeneric(16, func(task func()) { task() })
	require.NoError(t, err)
	defer bare.Release()
	loadtest.Pool{
		Submit:   func(task func()) { assert.NoError(t, recipe.Invoke(pool, task)) },
		Bare:     func(task func()) { assert.NoError(t, bare.Invoke(task)) },
		Recovers: true,
	}.Run(t)
}

var user = gls.New[string]("user")

func Example() {
	pool, _ := ants.NewPool(4)
	defer pool.Release()
	var done sync.WaitGroup
	done.Add(1)
	user.Run("Ada", func() {
		_ = pool.Submit(gls.Bind(func() { // the recipe
			fmt.Println(user.Get())
			done.Done()
		}))
	})
	done.Wait()
	// Output: Ada true
}
