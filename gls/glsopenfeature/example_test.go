// The program of the package documentation is the example of this file.

package glsopenfeature_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/open-feature/go-sdk/openfeature"
	"github.com/open-feature/go-sdk/openfeature/memprovider"

	"github.com/ambient-go/ambient/gls/glsopenfeature"
	"github.com/ambient-go/ambient/httpctx"
)

// forPro is a flag that is on for users of a plan.
func forPro(flag memprovider.InMemoryFlag, ec openfeature.FlattenedContext) (any, openfeature.ProviderResolutionDetail) {
	return ec["plan"] == "pro", openfeature.ProviderResolutionDetail{}
}

// checkout is handed no ctx.
func checkout() {
	client := openfeature.NewClient("shop")
	if client.Boolean(context.Background(), "new-checkout", false, openfeature.EvaluationContext{}) {
		fmt.Println("the new one")
		return
	}
	fmt.Println("the old one")
}

func Example() {
	evaluate := forPro
	err := openfeature.SetNamedProviderAndWait("shop", memprovider.NewInMemoryProvider(map[string]memprovider.InMemoryFlag{
		"new-checkout": {State: memprovider.Enabled, ContextEvaluator: (memprovider.ContextEvaluator)(&evaluate)},
	}))
	if err != nil {
		panic(err)
	}
	openfeature.AddHooks(glsopenfeature.Hook())

	server := httpctx.Middleware(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		glsopenfeature.Run(openfeature.NewEvaluationContext("ada", map[string]any{"plan": "pro"}), checkout)
	}))
	server.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/checkout", http.NoBody))
	checkout()
	// Output:
	// the new one
	// the old one
}
