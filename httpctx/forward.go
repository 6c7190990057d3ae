package httpctx

import (
	"net/http"
	"strconv"
	"strings"
)

// A TransportOption is an option of Transport. It is made by ForwardTo.
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
func ForwardTo(hosts ...string) TransportOption {
	patterns := make([]hostPattern, len(hosts))
	for i, host := range hosts {
		patterns[i] = parseHost(host)
	}
	return transportOption(func(t *transport) {
		t.restricted = true
		t.hosts = append(t.hosts, patterns...)
	})
}

// A hostPattern matches hosts.
type hostPattern struct {
	name  string // in lower case, without brackets; a suffix with its dot where below is set
	below bool   // name and all that ends in it
	port  string // "" for the scheme's, "*" for any
}

func parseHost(host string) hostPattern {
	var p hostPattern
	name, ok := host, true
	if at := strings.LastIndexByte(host, ':'); at > strings.LastIndexByte(host, ']') {
		name, p.port = host[:at], host[at+1:]
		ok = p.port == "*" || p.port != "" && strings.Trim(p.port, "0123456789") == ""
	}
	if rest, found := strings.CutPrefix(name, "*"); found {
		p.below, name = true, rest
		ok = ok && (name == "" || name[0] == '.' && len(name) > 1)
	} else {
		ok = ok && name != ""
	}
	if inner, found := strings.CutPrefix(name, "["); found {
		name, found = strings.CutSuffix(inner, "]")
		ok = ok && found
	} else {
		ok = ok && !strings.Contains(name, ":")
	}
	if !ok || strings.ContainsAny(name, "*/@[]?# ") {
		panic("httpctx.ForwardTo: " + strconv.Quote(host) +
			` is no host: write it as "api.example.com", "*.example.internal" or "127.0.0.1:*"`)
	}
	p.name = strings.ToLower(name)
	return p
}

// forwards reports whether the id goes to the request's host.
func (t *transport) forwards(r *http.Request) bool {
	if !t.restricted {
		return true
	}
	if r.URL == nil {
		return false
	}
	name := strings.ToLower(strings.TrimSuffix(r.URL.Hostname(), "."))
	port := r.URL.Port()
	for _, p := range t.hosts {
		if p.matches(name, port, r.URL.Scheme) {
			return true
		}
	}
	return false
}

func (p hostPattern) matches(name, port, scheme string) bool {
	switch {
	case p.port == "*":
	case port == "":
		if p.port != "" && p.port != defaultPorts[scheme] {
			return false
		}
	case p.port == "":
		if port != defaultPorts[scheme] {
			return false
		}
	case p.port != port:
		return false
	}
	if p.below {
		return strings.HasSuffix(name, p.name) && len(name) > len(p.name)
	}
	return name == p.name
}

var defaultPorts = map[string]string{"http": "80", "https": "443"}
