// The program of the package documentation is the first example of this file.

package singleflight_test

import (
	"fmt"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/singleflight"
)

var (
	reader  = gls.New[string]("reader")
	flights singleflight.Group
)

func load(slug string) (any, error) {
	name, ok := reader.Get()
	return fmt.Sprintf("%s for %q %v", slug, name, ok), nil
}

func Example() {
	reader.Run("Ada", func() {
		page, err, _ := flights.Do("hello", func() (any, error) { return load("hello") })
		fmt.Println(page, err)
	})
	// Output: hello for "" false <nil>
}

func ExampleGroup_DoAsCaller() {
	reader.Run("Ada", func() {
		page, err, _ := flights.DoAsCaller("Ada/hello", func() (any, error) { return load("hello") })
		fmt.Println(page, err)
	})
	// Output: hello for "Ada" true <nil>
}
