package glssentry

import (
	"github.com/getsentry/sentry-go"

	"github.com/ambient-go/ambient/gls"
)

// A bound is a hub of a flow. It is immutable.
type bound struct {
	hub   *sentry.Hub
	outer *sentry.Hub // that of the ambient context where hub was bound, or nil
}

var hubs = gls.New[bound]("sentry hub")

// Hub returns the hub of the flow: that of the innermost Run, With or ambient context that has one, and otherwise
// sentry.CurrentHub, the process's. It is never nil.
func Hub() *sentry.Hub {
	ambient := sentry.GetHubFromContext(gls.Context())
	if b, ok := hubs.Get(); ok && (ambient == nil || ambient == b.outer) {
		return b.hub
	}
	if ambient != nil {
		return ambient
	}
	return sentry.CurrentHub()
}

// With returns a binding of the hub, for gls.Run and gls.Snapshot.With. It wins over the ambient context that is in
// force where With is called. It panics if hub is nil.
func With(hub *sentry.Hub) gls.Binding {
	if hub == nil {
		panic("glssentry.With: nil *sentry.Hub")
	}
	return hubs.With(bound{hub, sentry.GetHubFromContext(gls.Context())})
}

// Run calls fn with a hub of its own, a clone of Hub: what is done to its scope, by fn and what fn starts, ends with it.
// Run ends as gls.Storage.Run does, and captures no panic. It panics if fn is nil.
func Run(fn func()) {
	if fn == nil {
		panic("glssentry.Run: nil function")
	}
	gls.Run(fn, With(Hub().Clone()))
}

// CaptureException is sentry.CaptureException with the hub of the flow.
func CaptureException(err error) *sentry.EventID { return Hub().CaptureException(err) }

// CaptureMessage is sentry.CaptureMessage with the hub of the flow.
func CaptureMessage(message string) *sentry.EventID { return Hub().CaptureMessage(message) }

// CaptureEvent is sentry.CaptureEvent with the hub of the flow.
func CaptureEvent(event *sentry.Event) *sentry.EventID { return Hub().CaptureEvent(event) }

// AddBreadcrumb is sentry.AddBreadcrumb with the hub of the flow.
func AddBreadcrumb(breadcrumb *sentry.Breadcrumb) { Hub().AddBreadcrumb(breadcrumb, nil) }

// ConfigureScope is sentry.ConfigureScope with the hub of the flow.
func ConfigureScope(f func(scope *sentry.Scope)) { Hub().ConfigureScope(f) }

// WithScope is sentry.WithScope, but for the flow alone: f runs as in Run, with the scope of its hub. The scopes that
// goroutines of one request push on the request's hub would be each other's. It panics if f is nil.
func WithScope(f func(scope *sentry.Scope)) {
	if f == nil {
		panic("glssentry.WithScope: nil function")
	}
	Run(func() { f(Hub().Scope()) })
}
