package httpctx

import (
	"net/http"
	"strconv"

	"github.com/ambient-go/ambient/internal/hosts"
)

// A TransportOption is an option of Transport. ForwardTo and ForwardAs return one.
type TransportOption interface{ applyTransport(*transport) }

type transportOption func(*transport)

func (f transportOption) applyTransport(t *transport) { f(t) }

// ForwardTo restricts X-Request-ID to the given hosts, so that other servers do not learn the ids.
// The default is all hosts. A host is written as in a URL. "*." in front stands for all hosts below
// it. A host has ":" and a port, or ":*" for any port; without one it stands for the default port
// of the request's scheme. A name that is not ASCII stands for URLs with this spelling, in which case
// counts:
//
//	httpctx.ForwardTo("api.example.com", "*.example.internal", "127.0.0.1:*", "[::1]:8080")
//
// "*" alone is every host. Several of these options add up. A request that has an X-Request-ID of
// its own keeps it. ForwardTo panics if an argument is not such a host.
func ForwardTo(to ...string) TransportOption {
	patterns := make([]hosts.Pattern, len(to))
	for i, host := range to {
		p, ok := hosts.Parse(host)
		if !ok {
			panic("httpctx.ForwardTo: " + strconv.Quote(host) + " is no host: " + hosts.Form)
		}
		patterns[i] = p
	}
	return transportOption(func(t *transport) {
		t.restricted = true
		t.hosts = append(t.hosts, patterns...)
	})
}

// ForwardAs sends the request's id as the header name instead of X-Request-ID. WithRequestIDHeader
// is its counterpart at the server. ForwardAs panics if name is not the name of a header.
func ForwardAs(name string) TransportOption {
	name = headerName("ForwardAs", name)
	return transportOption(func(t *transport) { t.idHeader = name })
}

// forwards reports whether the id goes to the request's host.
func (t *transport) forwards(r *http.Request) bool {
	return !t.restricted || hosts.Match(t.hosts, r.URL)
}
