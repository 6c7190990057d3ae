package glsotel_test

import (
	"context"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glsotel"
)

func ambientSpan() trace.Span { return trace.SpanFromContext(gls.Context()) }

func TestRunMakesItsSpanTheAmbientOne(t *testing.T) {
	exporter := global(t, glsotel.Propagator())
	var outer, inner trace.SpanContext
	glsotel.Run("outer", func() {
		outer = ambientSpan().SpanContext()
		glsotel.Run("inner", func() { inner = ambientSpan().SpanContext() }, trace.WithSpanKind(trace.SpanKindProducer))
		assert.Equal(t, outer, ambientSpan().SpanContext())
		assert.Len(t, exporter.GetSpans(), 1, "the inner one has ended")
	})
	assert.False(t, ambientSpan().SpanContext().IsValid())
	assert.Equal(t, outer.SpanID(), span(t, exporter, "inner").Parent.SpanID())
	assert.Equal(t, inner, span(t, exporter, "inner").SpanContext)
	assert.Equal(t, trace.SpanKindProducer, span(t, exporter, "inner").SpanKind)
	assert.False(t, span(t, exporter, "outer").Parent.IsValid())
	assert.Equal(t, codes.Unset, span(t, exporter, "outer").Status.Code)
}

func TestRunEndsItsSpanHoweverFnEnds(t *testing.T) {
	for name, end := range map[string]func(){"panic": func() { panic("in fn") }, "Goexit": runtime.Goexit} {
		t.Run(name, func(t *testing.T) {
			exporter := global(t, glsotel.Propagator())
			done := make(chan any)
			go func() {
				defer func() {
					r := recover()
					assert.Equal(t, gls.Snapshot{}, gls.Capture())
					done <- r
				}()
				glsotel.Run("outer", func() { glsotel.Run("inner", end) })
			}()
			if r := <-done; name == "panic" {
				assert.Equal(t, "in fn", r)
			} else {
				assert.Nil(t, r)
			}
			for _, name := range []string{"inner", "outer"} {
				s := span(t, exporter, name)
				assert.False(t, s.EndTime.IsZero())
				assert.Equal(t, codes.Error, s.Status.Code)
				assert.Empty(t, s.Events, "nothing is recovered")
			}
		})
	}
}

// A goroutine outlives the span that it was started in.
func TestASpanThatHasEndedIsNoParent(t *testing.T) {
	exporter := global(t, glsotel.Propagator(values...))
	tracer := glsotel.TracerProvider(otel.GetTracerProvider()).Tracer("instrumentation")
	middleOver, allOver := make(chan struct{}), make(chan struct{})
	var late sync.WaitGroup
	var ended trace.SpanContext
	glsotel.Run("outer", func() {
		glsotel.Run("middle", func() {
			glsotel.Run("inner", func() {
				ended = ambientSpan().SpanContext()
				ctx := gls.Context()
				late.Add(1)
				gls.Go(func() {
					defer late.Done()
					<-middleOver
					glsotel.Run("while outer lives", func() {})
					_, s := tracer.Start(context.Background(), "started while outer lives")
					s.End()
					_, s = tracer.Start(ctx, "with an explicit ctx")
					s.End()
					assert.Contains(t, injected(context.Background(), glsotel.Propagator())["traceparent"],
						ended.TraceID().String(), "outer's")
					middleOver <- struct{}{}
					<-allOver
					glsotel.Run("after all", func() {
						glsotel.Run("in it", func() {})
					})
					_, s = tracer.Start(context.Background(), "started after all")
					s.End()
					assert.Empty(t, injected(context.Background(), glsotel.Propagator()))
				})
			})
		})
		middleOver <- struct{}{}
		<-middleOver
	})
	close(allOver)
	late.Wait()

	outer := span(t, exporter, "outer").SpanContext
	for _, name := range []string{"while outer lives", "started while outer lives", "with an explicit ctx"} {
		s := span(t, exporter, name)
		assert.Equal(t, outer.SpanID(), s.Parent.SpanID(), name)
		assert.Empty(t, s.Links, name)
	}
	for _, name := range []string{"after all", "started after all"} {
		s := span(t, exporter, name)
		assert.False(t, s.Parent.IsValid(), name)
		assert.NotEqual(t, outer.TraceID(), s.SpanContext.TraceID(), name)
		require.Len(t, s.Links, 1, name)
		assert.Equal(t, ended, s.Links[0].SpanContext, name)
	}
	root := span(t, exporter, "after all")
	assert.Equal(t, root.SpanContext.SpanID(), span(t, exporter, "in it").Parent.SpanID(), "a root is a parent like any")
	noneEndsBeforeItsChildBegins(t, exporter.GetSpans())
}

func noneEndsBeforeItsChildBegins(t *testing.T, all tracetest.SpanStubs) {
	byID := make(map[trace.SpanID]tracetest.SpanStub)
	for _, s := range all {
		byID[s.SpanContext.SpanID()] = s
	}
	for _, s := range all {
		if parent, ok := byID[s.Parent.SpanID()]; ok {
			assert.False(t, parent.EndTime.Before(s.StartTime), "%s is a child of %s", s.Name, parent.Name)
		}
	}
}

// A peer that has made the call may have ended its span; nobody here can tell.
func TestASpanOfAnotherProcessIsNoParentOfWhatComesLater(t *testing.T) {
	for name, wrap := range map[string]func(trace.TracerProvider) trace.TracerProvider{
		"their TracerProvider": func(tp trace.TracerProvider) trace.TracerProvider { return tp },
		"ours":                 glsotel.TracerProvider,
	} {
		t.Run(name, func(t *testing.T) {
			exporter := global(t, glsotel.Propagator(values...))
			tracer := wrap(otel.GetTracerProvider()).Tracer("server")
			ctx, server := tracer.Start(trace.ContextWithRemoteSpanContext(context.Background(), remote), "server")
			gls.RunContext(ctx, func() {
				glsotel.Run("during", func() {
					server.End()
					done := make(chan struct{})
					gls.Go(func() {
						defer close(done)
						glsotel.Run("in during", func() {})
					})
					<-done
				})
				opts := make([]trace.SpanStartOption, 1, 8)
				opts[0] = trace.WithSpanKind(trace.SpanKindClient)
				glsotel.Run("late", func() {}, opts...)
				assert.Nil(t, opts[:2][1], "the caller's slice")
			})
			assert.Equal(t, remote.SpanID(), span(t, exporter, "server").Parent.SpanID())
			during := span(t, exporter, "during")
			assert.Equal(t, server.SpanContext().SpanID(), during.Parent.SpanID())
			assert.Equal(t, during.SpanContext.SpanID(), span(t, exporter, "in during").Parent.SpanID())
			late := span(t, exporter, "late")
			assert.False(t, late.Parent.IsValid())
			require.Len(t, late.Links, 1)
			assert.Equal(t, server.SpanContext(), late.Links[0].SpanContext)
		})
	}
}

// One that is not sampled does not record, and is no span that has ended.
func TestASpanThatIsNotSampledIsAParent(t *testing.T) {
	exporter := global(t, glsotel.Propagator(values...))
	never := sdktrace.NewTracerProvider(sdktrace.WithSampler(sdktrace.NeverSample()), sdktrace.WithSyncer(exporter))
	otel.SetTracerProvider(never)
	glsotel.Run("outer", func() {
		outer := ambientSpan().SpanContext()
		glsotel.Run("inner", func() { assert.Equal(t, outer.TraceID(), ambientSpan().SpanContext().TraceID()) })
	})
	assert.Empty(t, exporter.GetSpans())

	otel.SetTracerProvider(noop.NewTracerProvider())
	gls.RunContext(trace.ContextWithRemoteSpanContext(context.Background(), remote), func() {
		glsotel.Run("no SDK", func() { assert.Equal(t, remote, ambientSpan().SpanContext()) })
	})
}

func TestRunUsesTheProviderOfTheAmbientSpan(t *testing.T) {
	global(t, glsotel.Propagator())
	exporter := tracetest.NewInMemoryExporter()
	own := sdktrace.NewTracerProvider(sdktrace.WithSyncer(exporter))
	ctx, s := own.Tracer("own").Start(context.Background(), "outer")
	gls.RunContext(ctx, func() { glsotel.Run("inner", func() {}) })
	assert.Equal(t, s.SpanContext().SpanID(), span(t, exporter, "inner").Parent.SpanID())
}

func TestATracerWithoutACtxFindsItsParent(t *testing.T) {
	exporter := global(t, glsotel.Propagator(values...))
	tp := glsotel.TracerProvider(otel.GetTracerProvider())
	tracer := tp.Tracer("instrumentation", trace.WithInstrumentationVersion("v1"))
	type key struct{}
	glsotel.Run("outer", func() {
		_, s := tracer.Start(context.Background(), "with Background")
		s.End()
		ctx, s := tracer.Start(context.WithValue(context.Background(), key{}, 1), "with a value")
		assert.Equal(t, 1, ctx.Value(key{}), "the ctx stays what it is")
		assert.Equal(t, s, trace.SpanFromContext(ctx))
		s.End()
		_, s = tracer.Start(trace.ContextWithRemoteSpanContext(context.Background(), remote), "with a span")
		s.End()
		_, s = tracer.Start(context.Background(), "a root", trace.WithNewRoot())
		s.End()
		_, s = tracer.Start(ctx, "after it")
		s.End()
	})
	_, s := tracer.Start(context.Background(), "outside")
	s.End()
	outer := span(t, exporter, "outer").SpanContext
	for name, parent := range map[string]trace.SpanID{
		"with Background": outer.SpanID(), "with a value": outer.SpanID(), "with a span": remote.SpanID(), "a root": {},
		"after it": outer.SpanID(), "outside": {},
	} {
		assert.Equal(t, parent, span(t, exporter, name).Parent.SpanID(), name)
	}
	assert.Equal(t, "v1", span(t, exporter, "outside").InstrumentationScope.Version)
}

// A worker of one flow is handed the ctx of another.
func TestASpanIsOfTheFlowOfItsCtx(t *testing.T) {
	exporter := global(t, glsotel.Propagator(values...))
	tracer := glsotel.TracerProvider(otel.GetTracerProvider()).Tracer("instrumentation")
	var ctx context.Context
	var mine trace.SpanContext
	glsotel.Run("mine", func() {
		mine = ambientSpan().SpanContext()
		ctx = gls.NewContext(context.Background(), gls.Capture())
		gls.Isolate(func() {
			glsotel.Run("other", func() {
				_, s := tracer.Start(ctx, "for mine")
				s.End()
			})
		})
	})
	assert.Equal(t, mine.SpanID(), span(t, exporter, "for mine").Parent.SpanID())
}
