package glsotel

import (
	"context"

	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glswire"
	"github.com/ambient-go/ambient/internal/flow"
)

// Propagator returns a propagator of trace context, baggage and these values. It is New without options.
//
//	otel.SetTextMapPropagator(glsotel.Propagator(glsotel.Value("tenant", tenant, glswire.String[string]())))
//
// It stands for propagation.TraceContext and propagation.Baggage together. Put neither beside it: the second would take
// from outside, and send, what this one does not.
func Propagator(values ...Wire) propagation.TextMapPropagator { return New(values) }

// New returns a Propagator with options. It panics if two values have one key, or keys that differ in case alone.
func New(values []Wire, opts ...Option) propagation.TextMapPropagator {
	glswire.NewSet(values...) // panics
	p := &propagator{values: append([]Wire(nil), values...), report: func(error) {}}
	for _, o := range opts {
		if o == nil {
			panic("glsotel.New: nil option")
		}
		o.apply(p)
	}
	return p
}

// A propagator is immutable.
type propagator struct {
	values  []Wire
	report  func(error)
	edge    bool            // takes what accept names, and nothing else
	accept  map[string]bool // by key
	anyHost bool
}

// value returns the Wire with the key, if it is one.
func (p *propagator) value(key string) (Wire, bool) {
	for _, w := range p.values {
		if w.Key() == key {
			return w, true
		}
	}
	return Wire{}, false
}

func (p *propagator) takes(name string) bool { return !p.edge || p.accept[name] }

// Fields returns the names of the header's fields.
func (p *propagator) Fields() []string { return []string{traceParent, traceState, baggageName} }

const (
	traceParent = "traceparent"
	traceState  = "tracestate"
	baggageName = "baggage"
)

// Inject writes the span context, the baggage and the values of the flow that is running, or of the one that ctx
// belongs to if that is another one. Span and baggage are those of ctx, or of the ambient context where ctx has none.
// Where there is nothing to write, what the carrier had there is taken away.
func (p *propagator) Inject(ctx context.Context, carrier propagation.TextMapCarrier) {
	if s, other := flow.Other(ctx); other {
		s.Run(func() { p.inject(ctx, carrier) })
		return
	}
	p.inject(ctx, carrier)
}

func (p *propagator) inject(ctx context.Context, carrier propagation.TextMapCarrier) {
	around := gls.Context()
	if !p.takes(traceParent) { // what a proxy has copied from outside
		remove(carrier, traceParent)
		remove(carrier, traceState)
	}
	spanned := ctx
	if !trace.SpanContextFromContext(ctx).IsValid() {
		parent, _ := living(around)
		spanned = trace.ContextWithSpan(ctx, parent.span)
	}
	propagation.TraceContext{}.Inject(spanned, carrier)

	out := writer{text: make([]byte, 0, 64*len(p.values)), report: p.report}
	to := p.destination(ctx, carrier)
	if to == allowed {
		p.write(&out)
	}
	if to != denied {
		others := baggage.FromContext(ctx)
		if others.Len() == 0 {
			others = baggage.FromContext(around)
		}
		p.pass(&out, others)
	}
	if len(out.text) > 0 {
		carrier.Set(baggageName, string(out.text))
	} else {
		remove(carrier, baggageName)
	}
}

// write adds the values that are in force here.
func (p *propagator) write(out *writer) {
	for i := range p.values {
		text, set, err := p.values[i].Text()
		switch {
		case err != nil:
			p.report(err)
		case set:
			out.add(p.values[i].Key(), text)
		}
	}
}

// pass adds the members of others. A member with the key of a value is what some other code has put there, and is left
// out: what travels by that key is the value.
func (p *propagator) pass(out *writer, others baggage.Baggage) {
	if others.Len() == 0 {
		return
	}
	for _, m := range others.Members() {
		if _, own := p.value(m.Key()); !own {
			out.addMember(m.Key(), m.String())
		}
	}
}

// Extract returns a context with the span context and the baggage of the carrier, and, if there are values of the flow
// among its members, a frame with them for gls.Resume. That frame is the one in force here, or the one that ctx carries
// where it belongs to another flow, with the values set as well.
func (p *propagator) Extract(ctx context.Context, carrier propagation.TextMapCarrier) context.Context {
	if p.takes(traceParent) {
		ctx = propagation.TraceContext{}.Extract(ctx, carrier)
	}
	in := reader{p: p}
	if many, ok := carrier.(propagation.ValuesGetter); ok {
		for _, text := range many.Values(baggageName) {
			in.read(text)
		}
	} else {
		in.read(carrier.Get(baggageName))
	}
	if others := in.baggage(); others.Len() > 0 {
		ctx = baggage.ContextWithBaggage(ctx, others)
	}
	if len(in.bindings) == 0 {
		return ctx
	}
	s, other := flow.Other(ctx)
	if !other {
		s = gls.Capture()
	}
	return gls.NewContext(ctx, s.With(in.bindings...))
}
