// The lines of the package documentation are those of this example.

package glswire_test

import (
	"fmt"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glswire"
)

var (
	tenant  = gls.New[string]("tenant")
	attempt = gls.New[int]("attempt")
)

var wires = []glswire.Wire{
	glswire.Value("tenant", tenant, glswire.String[string]()),
	glswire.Value("attempt", attempt, glswire.Int[int]()),
}

// What an adapter does with the list.
func Example() {
	set := glswire.NewSet(wires...)
	report := func(err error) { fmt.Println(err) }

	header := map[string]string{}
	tenant.Run("acme", func() {
		set.Encode(func(key, text string) { header[key] = text }, report)
	})
	fmt.Println(header)

	header["attempt"] = "many"
	get := func(key string) (string, bool) { text, ok := header[key]; return text, ok }
	gls.Run(func() { fmt.Println(tenant.Get()) }, set.Decode(get, report)...)
	// Output:
	// map[tenant:acme]
	// glswire: "attempt" is not taken from what came in: invalid syntax
	// acme true
}
