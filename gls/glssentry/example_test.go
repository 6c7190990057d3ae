package glssentry_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/getsentry/sentry-go"
	sentryhttp "github.com/getsentry/sentry-go/http"

	"github.com/ambient-go/ambient/gls/glssentry"
	"github.com/ambient-go/ambient/httpctx"
)

// placeOrder is handed no ctx.
func placeOrder() { glssentry.CaptureException(errors.New("sold out")) }

func Example() {
	events := &sentry.MockTransport{}
	err := sentry.Init(sentry.ClientOptions{Dsn: "https://key@sentry.example/1", Transport: events})
	if err != nil {
		panic(err)
	}
	handler := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		glssentry.ConfigureScope(func(scope *sentry.Scope) { scope.SetTag("user", "ada") })
		placeOrder()
	})
	server := sentryhttp.New(sentryhttp.Options{Repanic: true}).Handle(httpctx.Middleware(handler))
	server.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/orders", http.NoBody))
	placeOrder()
	for _, e := range events.Events() {
		fmt.Println(e.Exception[0].Value, e.Tags, e.Request != nil)
	}
	// Output:
	// sold out map[user:ada] true
	// sold out map[] false
}
