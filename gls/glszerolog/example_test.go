// The program of the package documentation is the example of this file.

package glszerolog_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"

	"github.com/rs/zerolog"
	"github.com/rs/zerolog/log"

	"github.com/ambient-go/ambient/gls/glslog"
	"github.com/ambient-go/ambient/gls/glszerolog"
	"github.com/ambient-go/ambient/httpctx"
)

// placeOrder is handed neither a logger nor a ctx.
func placeOrder() { log.Info().Int("amount", 12).Msg("placed") }

func Example() {
	before := log.Logger
	defer func() { log.Logger = before }()
	log.Logger = zerolog.New(os.Stdout) // without the time
	log.Logger = log.Logger.Hook(glszerolog.Hook())

	server := httpctx.Middleware(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		httpctx.AddLogAttrs(slog.String("user", "ada"))
		placeOrder()
	}))
	r := httptest.NewRequest(http.MethodPost, "/orders", http.NoBody)
	r.Header.Set("X-Request-ID", "id-1")
	server.ServeHTTP(httptest.NewRecorder(), r)

	glslog.Run(placeOrder, slog.String("job", "nightly"))
	placeOrder()
	// Output:
	// {"level":"info","amount":12,"request_id":"id-1","method":"POST","path":"/orders","user":"ada","message":"placed"}
	// {"level":"info","amount":12,"job":"nightly","message":"placed"}
	// {"level":"info","amount":12,"message":"placed"}
}
