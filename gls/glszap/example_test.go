// The program of the package documentation is the example of this file.

package glszap_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/ambient-go/ambient/gls/glslog"
	"github.com/ambient-go/ambient/gls/glszap"
	"github.com/ambient-go/ambient/httpctx"
)

var logger *zap.Logger

// placeOrder is handed neither a logger nor a ctx.
func placeOrder() { logger.Info("placed", zap.Int("amount", 12)) }

func Example() {
	// logger, err := zap.NewProduction(glszap.WrapCore()), but for the time
	logger = zap.New(zapcore.NewCore(
		zapcore.NewJSONEncoder(zapcore.EncoderConfig{MessageKey: "msg"}), zapcore.Lock(os.Stdout), zap.InfoLevel,
	), glszap.WrapCore())

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
	// {"msg":"placed","request_id":"id-1","method":"POST","path":"/orders","user":"ada","amount":12}
	// {"msg":"placed","job":"nightly","amount":12}
	// {"msg":"placed","amount":12}
}
