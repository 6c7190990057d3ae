package main

import (
	"log/slog"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glslog"
	"github.com/ambient-go/ambient/gls/glsotel"
	"github.com/ambient-go/ambient/gls/glstemporal"
	"github.com/ambient-go/ambient/gls/glswire"
)

// The edge sets these, and every service behind it reads them.
var (
	tenant  = gls.New[string]("tenant")
	user    = gls.New[int64]("user")
	request = gls.New[string]("request")
)

// The values that travel with HTTP, gRPC and NATS, and those that travel with Temporal's workflows.
var (
	values = []glsotel.Wire{
		glsotel.Value("tenant", tenant, glswire.String[string]()),
		glsotel.Value("user", user, glswire.Int[int64]()),
		glsotel.Value("request", request, glswire.String[string]()),
	}
	workflows = glstemporal.New(
		glswire.Value("tenant", tenant, glswire.String[string]()),
		glswire.Value("user", user, glswire.Int[int64]()),
		glswire.Value("request", request, glswire.String[string]()),
	)
)

// orderID returns the same id for an order that is delivered again. Clients choose their request
// ids, so two tenants may use the same one.
func orderID() string { return tenant.GetOrFail() + "/" + request.GetOrFail() }

// logs returns the handler that all services log through.
func logs(next slog.Handler) slog.Handler {
	return glslog.Handler(glsotel.LogHandler(next),
		glslog.Show("tenant", tenant), glslog.Show("user", user), glslog.Show("request", request))
}

// identity returns the current flow's identity as attributes of a span, none outside of a request.
func identity() []attribute.KeyValue {
	name, ok := tenant.Get()
	if !ok {
		return nil
	}
	return []attribute.KeyValue{
		attribute.String("tenant", name),
		attribute.Int64("user", user.GetOrFail()),
		attribute.String("request", request.GetOrFail()),
	}
}

// work runs fn in a span and logs its result.
func work(name, goods string, fn func() error, opts ...trace.SpanStartOption) (err error) {
	glsotel.Run(name, func() {
		if err = fn(); err != nil {
			slog.Error(name, "goods", goods, "error", err)
			return
		}
		slog.Info(name, "goods", goods)
	}, opts...)
	return err
}
