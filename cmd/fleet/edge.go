package main

import (
	"io"
	"net/http"
	"strconv"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/trace"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glsotel"
	"github.com/ambient-go/ambient/httpctx"
)

func runEdge(p place, done <-chan struct{}) error {
	o, err := dialOrders(p.orders)
	if err != nil {
		return err
	}
	defer o.close()
	return serveHTTP(p.edge, edge(o.place), done)
}

// edge returns the handler for clients: POST /orders, with the goods as the body and basic
// authentication for the tenant and the user. The client chooses nothing else but the request's id.
func edge(order func(goods string) error) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /orders", func(w http.ResponseWriter, r *http.Request) {
		name, password, _ := r.BasicAuth() // the password is the user's number
		id, err := strconv.ParseInt(password, 10, 64)
		if err != nil || name == "" {
			http.Error(w, "sign in", http.StatusUnauthorized)
			return
		}
		goods, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1000))
		if err != nil {
			http.Error(w, "too much", http.StatusRequestEntityTooLarge)
			return
		}
		gls.Run(func() {
			// The server's span began before the identity was known.
			trace.SpanFromContext(gls.Context()).SetAttributes(identity()...)
			if err := work("edge", string(goods), func() error { return order(string(goods)) }); err != nil {
				http.Error(w, "try again", http.StatusServiceUnavailable)
			}
		}, tenant.With(name), user.With(id), request.With(httpctx.GetOrFail().ID()))
	})
	return glsotel.Handler(mux, otelhttp.WithPropagators(glsotel.New(values, glsotel.Edge())))
}
