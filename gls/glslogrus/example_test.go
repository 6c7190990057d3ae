// The program of the package documentation is the example of this file.

package glslogrus_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"

	"github.com/sirupsen/logrus"

	"github.com/ambient-go/ambient/gls/glslog"
	"github.com/ambient-go/ambient/gls/glslogrus"
	"github.com/ambient-go/ambient/httpctx"
)

// placeOrder is handed neither a logger nor a ctx.
func placeOrder() { logrus.WithField("amount", 12).Info("placed") }

func Example() {
	before := logrus.StandardLogger().ReplaceHooks(make(logrus.LevelHooks))
	defer logrus.StandardLogger().ReplaceHooks(before)
	logrus.SetOutput(os.Stdout)
	logrus.SetFormatter(&logrus.TextFormatter{DisableTimestamp: true})
	logrus.AddHook(glslogrus.Hook())

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
	// level=info msg=placed amount=12 method=POST path=/orders request_id=id-1 user=ada
	// level=info msg=placed amount=12 job=nightly
	// level=info msg=placed amount=12
}
