// The program of the package documentation is the example of this file.

package errgroup_test

import (
	"context"
	"fmt"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/errgroup"
)

var reader = gls.New[string]("reader")

// fetch takes no user.
func fetch(_ context.Context, url string) error {
	name, ok := reader.Get()
	fmt.Println(url, name, ok)
	return nil
}

func Example() {
	reader.Run("Ada", func() {
		group, ctx := errgroup.WithContext(context.Background())
		for _, url := range []string{"/a", "/b"} {
			group.Go(func() error { return fetch(ctx, url) })
		}
		fmt.Println(group.Wait())
	})
	// Unordered output:
	// /a Ada true
	// /b Ada true
	// <nil>
}
