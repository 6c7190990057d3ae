// Package token checks the names of headers, metadata and baggage.
package token

import "strings"

// Is reports whether name is a token of RFC 7230, section 3.2.6: letters, digits and
// !#$%&'*+-.^_`|~.
func Is(name string) bool {
	for _, c := range []byte(name) {
		switch {
		case '0' <= c && c <= '9', 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0:
		default:
			return false
		}
	}
	return name != ""
}
