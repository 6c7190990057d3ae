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

// What the edge finds out about a request, and every service behind it knows.
var (
	tenant  = gls.New[string]("tenant")
	user    = gls.New[int64]("user")
	request = gls.New[string]("request")
)

// What travels: values with HTTP, gRPC and NATS, and workflows with Temporal.
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

// orderID is what makes an order that comes again the same one. Clients choose their requests' ids, so two tenants may
// have chosen one.
func orderID() string { return tenant.GetOrFail() + "/" + request.GetOrFail() }

// logs returns the handler that every service logs through.
func logs(next slog.Handler) slog.Handler {
	return glslog.Handler(glsotel.LogHandler(next),
		glslog.Show("tenant", tenant), glslog.Show("user", user), glslog.Show("request", request))
}

// identity is whose the running flow is, for spans. It is nothing outside of a request.
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

// work is a span around fn, and a line.
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
