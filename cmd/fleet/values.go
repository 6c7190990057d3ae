package fleet

import (
	"log/slog"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glslog"
	"github.com/ambient-go/ambient/gls/glsotel"
	"github.com/ambient-go/ambient/gls/glswire"
)

// What the edge finds out about a request, and every service behind it knows.
var (
	tenant  = gls.New[string]("tenant")
	user    = gls.New[int64]("user")
	request = gls.New[string]("request")
)

// Values is what travels, for the propagators of all services.
var Values = []glsotel.Wire{
	glsotel.Value("tenant", tenant, glswire.String[string]()),
	glsotel.Value("user", user, glswire.Int[int64]()),
	glsotel.Value("request", request, glswire.String[string]()),
}

// Logs returns the handler that every service logs through.
func Logs(next slog.Handler) slog.Handler {
	return glslog.Handler(glsotel.LogHandler(next),
		glslog.Show("tenant", tenant), glslog.Show("user", user), glslog.Show("request", request))
}

// work is a span with the flow's values, and a line.
func work(log *slog.Logger, name string, fn func() error) (err error) {
	glsotel.Run(name, func() {
		span := trace.SpanFromContext(gls.Context())
		span.SetAttributes(attribute.String("tenant", tenant.GetOrFail()), attribute.String("request", request.GetOrFail()))
		if err = fn(); err != nil {
			log.Error(name, "error", err)
			return
		}
		log.Info(name)
	})
	return err
}
