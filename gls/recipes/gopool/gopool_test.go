package gopool_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/bytedance/gopkg/util/gopool"

	"github.com/ambient-go/ambient/gls"
	recipe "github.com/ambient-go/ambient/gls/recipes/gopool"
	"github.com/ambient-go/ambient/gls/recipes/internal/loadtest"
)

func TestEachFunctionFindsItsCaller(t *testing.T) {
	gopool.SetPanicHandler(func(context.Context, any) {})
	gopool.SetCap(16)
	loadtest.Pool{Submit: recipe.Go, Bare: gopool.Go, Recovers: true}.Run(t)
}

var user = gls.New[string]("user")

func Example() {
	done := make(chan struct{})
	user.Run("Ada", func() {
		gopool.Go(gls.Bind(func() { // the recipe
			fmt.Println(user.Get())
			close(done)
		}))
	})
	<-done
	// Output: Ada true
}
