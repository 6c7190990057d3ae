package glsdebug

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// refuse returns the reason why the request is not served, "" if it is.
func (h *handler) refuse(r *http.Request) string {
	if h.token != nil && !h.token.brought(r) {
		return "glsdebug: this page asks for the token that the program has given to WithToken, and has printed or logged: " +
			"?token=… in the address, or the header Authorization: Bearer …"
	}
	if h.allowed != nil {
		if !h.allowed(r) {
			return "glsdebug: the program's WithAccess function says no"
		}
		return ""
	}
	if h.token != nil {
		return ""
	}
	reason := foreign(r)
	if reason == "" {
		return ""
	}
	return "glsdebug: this page is served to clients on the same machine alone, without a proxy: " + reason + `.

To read it from elsewhere, make it look local,

	ssh -L 6060:127.0.0.1:6060 host

have the program print a token and ask for it,

	glsdebug.Handler(glsdebug.WithToken(token))

serve it on a listener of its own, which no proxy passes anything on to, or let the program decide who may read it:

	glsdebug.Handler(glsdebug.WithAccess(func(r *http.Request) bool { return isAdmin(r) }))
`
}

// forwarding lists the headers by which proxies tell the address of their client.
// forwardingPrefixes lists the prefixes of more such headers: those of Envoy, Cloudflare, AWS, IIS,
// Azure and Varnish among them.
var (
	forwarding = []string{
		"Forwarded", "Via", "X-Real-Ip", "X-Client-Ip", "X-Cluster-Client-Ip", "True-Client-Ip", "Fastly-Client-Ip",
		"X-Cloud-Trace-Context", "X-Varnish", "Max-Forwards",
	}
	forwardingPrefixes = []string{
		"X-Forwarded", "X-Envoy-", "X-Original-", "X-Proxy", "X-Arr-", "X-Azure-", "X-Amzn-", "Cf-", "Cdn-", "Fly-",
	}
)

// foreign returns the reason why the request does not count as that of a client on this machine, ""
// if it does.
func foreign(r *http.Request) string {
	if !isLoopback(r.RemoteAddr) {
		return fmt.Sprintf("the request came from %q", r.RemoteAddr)
	}
	// A site whose name resolves to 127.0.0.1 makes a browser on this machine treat this page as
	// one of that site.
	if host := hostname(r.Host); host != "localhost" && !strings.HasSuffix(host, ".localhost") && !isLoopback(host) {
		return fmt.Sprintf("the request is for the host %q", r.Host)
	}
	for name := range r.Header {
		if slices.Contains(forwarding, name) || slices.ContainsFunc(forwardingPrefixes, func(prefix string) bool {
			return strings.HasPrefix(name, prefix)
		}) {
			return "the request has the header " + name + ", so a proxy passed it on"
		}
	}
	// Nginx sends HTTP/1.0 or Connection: close to the server behind it by default. Browsers and
	// curl do not.
	if !r.ProtoAtLeast(1, 1) {
		return "the request is one of " + r.Proto + ", which proxies speak and browsers do not"
	}
	if r.Close {
		return "the request has the header Connection: close, which proxies send and browsers do not"
	}
	if site := r.Header.Get("Sec-Fetch-Site"); site == "cross-site" || site == "same-site" {
		if r.Header.Get("Sec-Fetch-Mode") != "navigate" {
			return "a page of another site asked for it"
		}
	}
	return ""
}

// hostname returns a Host header's name or address, without its port.
func hostname(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	return strings.TrimSuffix(strings.ToLower(host), ".")
}

// isLoopback reports whether an address, with or without a port, is one of this machine.
func isLoopback(address string) bool {
	if host, _, err := net.SplitHostPort(address); err == nil {
		address = host
	}
	ip, err := netip.ParseAddr(address)
	return err == nil && ip.Unmap().IsLoopback()
}
