package gls

import (
	"context"

	"github.com/ambient-go/ambient/internal/ambient"
)

// ambientContext holds the ambient context, or an ambient.Source that returns one. It never holds
// nil.
var ambientContext = New[context.Context]("gls.Context")

// Context returns the ambient context, or context.Background() where none is set. It is never nil.
// Use it in code that is given no context and calls code that takes one. Where a function has a ctx
// parameter, use the parameter.
//
// The ambient context that package httpctx sets for a request ends with the request, on every
// goroutine. A goroutine that waits for the request's end must get the context from its creator.
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

// RunContext calls fn with ctx as the ambient context. It ends as Storage.Run does. It panics if
// ctx or fn is nil.
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
