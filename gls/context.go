package gls

import (
	"context"

	"github.com/ambient-go/ambient/internal/ambient"
)

// ambientContext holds the ambient context, or an ambient.Source of one. Nil is never set in it.
var ambientContext = New[context.Context]("gls.Context")

// Context returns the ambient context, or context.Background() where none is set. It is never nil. It is for code that
// is given no context and calls code that wants one; where a function has a ctx parameter, that is the better one.
//
// The one that package httpctx sets for a request ends with it: none is set then, on every goroutine. Where a goroutine
// waits for the request's end, take the context before it is started.
func Context() context.Context {
	ctx, ok := ambientContext.Get()
	if source, is := ctx.(ambient.Source); is {
		ctx, ok = source.Ambient()
	}
	if !ok {
		return context.Background()
	}
	return ctx
}

// RunContext calls fn with ctx as the ambient context. It ends as Storage.Run does. It panics if ctx is nil.
func RunContext(ctx context.Context, fn func()) {
	if fn == nil {
		panic("gls.RunContext: nil function")
	}
	if ctx == nil {
		panic("gls.RunContext: nil context")
	}
	ambientContext.Run(ctx, fn)
}

// WithContext returns a binding of the ambient context, for Run. It panics if ctx is nil.
func WithContext(ctx context.Context) Binding {
	if ctx == nil {
		panic("gls.WithContext: nil context")
	}
	return ambientContext.With(ctx)
}
