package glsgqlgen

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/internal/flow"
)

// Extension is the handler extension under which everything that belongs to an operation sees the operation's frame. Use
// it before others, so that those run inside.
//
//	srv.Use(glsgqlgen.Extension{})
type Extension struct{}

var _ interface {
	graphql.HandlerExtension
	graphql.OperationContextMutator
	graphql.OperationInterceptor
	graphql.ResponseInterceptor
	graphql.RootFieldInterceptor
	graphql.FieldInterceptor
} = Extension{}

// ExtensionName is how gqlgen names the extension.
func (Extension) ExtensionName() string { return "Ambient" }

// Validate finds nothing wrong with any schema.
func (Extension) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationContext takes the frame where the operation comes in. For a websocket that is on the goroutine of the
// HTTP handler, which the operation leaves at once.
func (e Extension) MutateOperationContext(ctx context.Context, op *graphql.OperationContext) *gqlerror.Error {
	s := startOf(ctx)
	op.Stats.SetExtension(e.ExtensionName(), s)
	if answer := op.RecoverFunc; answer != nil {
		op.RecoverFunc = func(ctx context.Context, p any) (err error) {
			gls.Resume(s.carry(ctx), func() { err = answer(ctx, p) })
			return err
		}
	}
	return nil
}

// InterceptOperation runs next in the operation's frame, and gives it a ctx that carries the frame.
func (e Extension) InterceptOperation(ctx context.Context, next graphql.OperationHandler) (h graphql.ResponseHandler) {
	s, ok := graphql.GetOperationContext(ctx).Stats.GetExtension(e.ExtensionName()).(start)
	if !ok { // not made by gqlgen's executor
		s = startOf(ctx)
	}
	ctx = s.carry(ctx)
	gls.Resume(ctx, func() { h = next(ctx) })
	return h
}

// InterceptResponse runs next in the frame of ctx: each response of a subscription, and the only one of others.
func (Extension) InterceptResponse(ctx context.Context, next graphql.ResponseHandler) (r *graphql.Response) {
	gls.Resume(ctx, func() { r = next(ctx) })
	return r
}

// InterceptRootField runs next in the frame of ctx.
func (Extension) InterceptRootField(ctx context.Context, next graphql.RootResolver) (m graphql.Marshaler) {
	gls.Resume(ctx, func() { m = next(ctx) })
	return m
}

// InterceptField runs next in the frame of ctx, on whatever goroutine gqlgen has started for the field.
func (Extension) InterceptField(ctx context.Context, next graphql.Resolver) (value any, err error) {
	gls.Resume(ctx, func() { value, err = next(ctx) })
	return value, err
}

// ErrorPresenter returns present, run in the frame of the operation that the error belongs to. It is for
// handler.Server.SetErrorPresenter, which no extension can reach. It panics if present is nil.
func ErrorPresenter(present graphql.ErrorPresenterFunc) graphql.ErrorPresenterFunc {
	if present == nil {
		panic("glsgqlgen.ErrorPresenter: nil function")
	}
	return func(ctx context.Context, err error) (presented *gqlerror.Error) {
		gls.Resume(ctx, func() { presented = present(ctx, err) })
		return presented
	}
}

// A start is what was known of the flow where an operation came in.
type start struct {
	frame   gls.Snapshot // the operation's
	carried gls.Snapshot // what the ctx carried
	carries bool         // false: the ctx carried none
}

func startOf(ctx context.Context) start {
	carried, carries := gls.FromContext(ctx)
	return start{flow.Of(ctx), carried, carries}
}

// carry returns ctx with the operation's frame, unless somebody has put another one there since.
func (s start) carry(ctx context.Context) context.Context {
	if carried, carries := gls.FromContext(ctx); carried != s.carried || carries != s.carries {
		return ctx
	}
	return gls.NewContext(ctx, s.frame)
}
