// Package hosts matches the hosts that a request may carry values to, by patterns that users write.
package hosts

import (
	"net/url"
	"strings"
	"unicode/utf8"
)

// Form describes how a pattern is written, for the text of a panic.
const Form = `write it as "api.example.com", "*.example.internal" or "127.0.0.1:*"`

// A Pattern matches hosts. The zero Pattern matches none.
type Pattern struct {
	name  string // as lower returns it, without brackets and a last dot; a suffix with its first dot if below is set
	below bool   // matches every host that ends in name
	port  string // "" for the scheme's, "*" for any
}

// Parse returns the pattern that host describes. A host is written as in a URL, with "*." in front
// for all hosts below it, and with ":" and a port, or ":*" for any port. Without a port it stands
// for the default port of the scheme. "*" alone is every host.
func Parse(host string) (p Pattern, ok bool) {
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
		return Pattern{}, false
	}
	if p.name = lower(strings.TrimSuffix(name, ".")); p.name == "" && !p.below {
		return Pattern{}, false
	}
	return p, true
}

// lower returns an ASCII name in lower case, and any other name as it is. In the lower case of
// Unicode "gİthub.com" is "github.com", and net/http dials another host: xn--github-qyd.com
// (net/http/request.go, idnaASCII).
func lower(name string) string {
	for i := range len(name) {
		if name[i] >= utf8.RuneSelf {
			return name
		}
	}
	return strings.ToLower(name)
}

// Match reports whether one of the patterns matches the host of u, which may be nil.
func Match(patterns []Pattern, u *url.URL) bool {
	if u == nil {
		return false
	}
	name := lower(strings.TrimSuffix(u.Hostname(), "."))
	port := u.Port()
	for _, p := range patterns {
		if p.matches(name, port, u.Scheme) {
			return true
		}
	}
	return false
}

func (p Pattern) matches(name, port, scheme string) bool {
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
