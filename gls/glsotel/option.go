package glsotel

// An Option is an option of New. It is made by Edge, OnError and AnyHost.
type Option interface{ apply(*propagator) }

type option func(*propagator)

func (o option) apply(p *propagator) { o(p) }

// Edge makes Extract take from outside what names name, and nothing else: no value, no baggage of others, no trace. It
// is for a service that is called by clients who are not your own. A name is the key of a baggage member, or
// "traceparent" for the trace. Without the option a peer is taken for one of your own services, and all it sends is
// taken.
//
//	otel.SetTextMapPropagator(glsotel.New(values, glsotel.Edge()))              // all begins here
//	otel.SetTextMapPropagator(glsotel.New(values, glsotel.Edge("traceparent"))) // clients may begin traces
//
// What Inject sends does not change, except that a trace which a proxy has copied from outside is taken away, too.
func Edge(names ...string) Option {
	return option(func(p *propagator) {
		p.edge = true
		if p.accept == nil {
			p.accept = make(map[string]bool)
		}
		for _, name := range names {
			p.accept[name] = true
		}
	})
}

// OnError has fn called for each member that is dropped: with a *glswire.Error that names the key of a value which its
// codec refuses, which does not fit (ErrMemberTooLong, ErrTooMuchBaggage) or is not well-formed (ErrMalformed), or with
// an error about members of others. No error shows a value, but for what a type's own UnmarshalText says. Without the
// option nobody is told. Fn is called by Inject and Extract, on any number of goroutines at once, and as often as a
// peer likes. It may be otel.Handle.
func OnError(fn func(error)) Option {
	if fn == nil {
		panic("glsotel.OnError: nil function")
	}
	return option(func(p *propagator) { p.report = fn })
}

// AnyHost makes Inject write values into all headers of HTTP that Transport does not keep them from. Without it they go
// into those of requests through Transport to the hosts that it names. It is for a program whose HTTP clients call none
// but its own services, and for brokers whose instrumentation writes messages by propagation.HeaderCarrier.
func AnyHost() Option { return option(func(p *propagator) { p.anyHost = true }) }
