package httpctx

import (
	"net/http"
	"strconv"

	"github.com/ambient-go/ambient/internal/hosts"
)

// A TransportOption is an option of Transport. It is made by ForwardTo and ForwardAs.
type TransportOption interface{ applyTransport(*transport) }

type transportOption func(*transport)

func (f transportOption) applyTransport(t *transport) { f(t) }

// ForwardTo restricts to which hosts X-Request-ID goes: to these alone, so that other people's servers do not learn the
// ids. The default is all hosts. A host is written as in a URL, with "*." in front for all below it, and with ":" and a
// port, or ":*" for any port; without one it is the default port of the request's scheme:
//
//	httpctx.ForwardTo("api.example.com", "*.example.internal", "127.0.0.1:*", "[::1]:8080")
//
// "*" alone is every host. What the ids go to of several of these options adds up. A request that has an
// X-Request-ID of its own keeps it. ForwardTo panics where a host is none.
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

// ForwardAs sends the request's id as the header name instead of X-Request-ID. The server's end is WithRequestIDHeader. It
// panics where name is no header's.
func ForwardAs(name string) TransportOption {
	name = headerName("ForwardAs", name)
	return transportOption(func(t *transport) { t.idHeader = name })
}

// forwards reports whether the id goes to the request's host.
func (t *transport) forwards(r *http.Request) bool {
	return !t.restricted || hosts.Match(t.hosts, r.URL)
}
