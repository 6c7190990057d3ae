package fleet

import (
	"log/slog"
	"net/http"
	"strconv"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glsotel"
	"github.com/ambient-go/ambient/httpctx"
)

// Edge returns the handler that clients call: POST /orders, with the tenant and the user that they have signed in as.
// It takes nothing else from them. Orders is the gRPC service.
func Edge(log *slog.Logger, orders *Orders) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /orders", func(w http.ResponseWriter, r *http.Request) {
		name, password, _ := r.BasicAuth() // the password is the user's number
		id, err := strconv.ParseInt(password, 10, 64)
		if err != nil || name == "" {
			http.Error(w, "sign in", http.StatusUnauthorized)
			return
		}
		gls.Run(func() {
			if err := work(log, "edge", orders.Place); err != nil {
				http.Error(w, "try again", http.StatusServiceUnavailable)
			}
		}, tenant.With(name), user.With(id), request.With(httpctx.GetOrFail().ID()))
	})
	return glsotel.Handler(mux, otelhttp.WithPropagators(glsotel.New(Values, glsotel.Edge())))
}
