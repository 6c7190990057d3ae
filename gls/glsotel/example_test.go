// The lines of the package documentation are those of these examples and of the other tests.

package glsotel_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/propagation"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glsotel"
	"github.com/ambient-go/ambient/gls/glswire"
)

// Two services, of which the first calls the second. The second's code finds the tenant that the first has set.
func Example() {
	tenant := gls.New[string]("tenant")
	otel.SetTextMapPropagator(glsotel.Propagator(glsotel.Value("tenant", tenant, glswire.String[string]())))
	defer otel.SetTextMapPropagator(propagation.NewCompositeTextMapPropagator())

	second := httptest.NewServer(glsotel.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		fmt.Println("the second serves", tenant.GetOrFail())
	})))
	defer second.Close()

	client := &http.Client{Transport: glsotel.Transport(nil, []string{"127.0.0.1:*"})}
	tenant.Run("acme", func() {
		response, err := client.Get(second.URL)
		if err != nil {
			panic(err)
		}
		response.Body.Close()
	})
	// Output:
	// the second serves acme
}

// Any carrier of text will do: the headers of a message, say.
func ExamplePropagator() {
	tenant := gls.New[string]("tenant")
	p := glsotel.Propagator(glsotel.Value("tenant", tenant, glswire.String[string]()))
	message := propagation.MapCarrier{}
	tenant.Run("acme inc", func() { p.Inject(context.Background(), message) })
	fmt.Println(message)

	ctx := p.Extract(context.Background(), message)
	gls.Resume(ctx, func() { fmt.Println(tenant.Get()) })
	// Output:
	// map[baggage:tenant=acme%20inc]
	// acme inc true
}

// What a client sends to the edge is not taken.
func ExampleEdge() {
	tenant := gls.New[string]("tenant")
	values := []glsotel.Wire{glsotel.Value("tenant", tenant, glswire.String[string]())}
	p := glsotel.New(values, glsotel.Edge())
	ctx := p.Extract(context.Background(), propagation.MapCarrier{"baggage": "tenant=acme"})
	gls.Resume(ctx, func() { fmt.Println(tenant.Get()) })
	// Output:
	//  false
}
