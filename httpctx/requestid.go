package httpctx

import (
	"encoding/hex"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"

	"github.com/ambient-go/ambient/internal/token"
)

const (
	idHeader = "X-Request-Id" // in canonical form, unless WithRequestIDHeader or ForwardAs names another
	maxID    = 128
)

// WithRequestIDHeader takes request ids from the header name, X-Correlation-ID, say.
// WithResponseHeader then sets that header. Transport's ForwardAs is the counterpart.
// WithRequestIDHeader panics if name is not the name of a header.
func WithRequestIDHeader(name string) Option {
	name = headerName("WithRequestIDHeader", name)
	return optionFunc(func(c *config) { c.idHeader = name })
}

// WithResponseHeader sets the request's id as a header of the response, before next is called. The
// handler can change or delete it. A client then has the id under which the server's log lines are
// found.
func WithResponseHeader() Option {
	return optionFunc(func(c *config) { c.respond = true })
}

// headerName returns the canonical form of a header's name.
func headerName(option, name string) string {
	if !token.Is(name) {
		panic("httpctx." + option + ": " + strconv.Quote(name) + ` is no header: write it as "X-Correlation-ID"`)
	}
	return http.CanonicalHeaderKey(name)
}

// wellFormed reports whether an id from outside can go into log lines and headers as it is.
func wellFormed(id string) bool {
	if id == "" || len(id) > maxID {
		return false
	}
	for i := range len(id) {
		if !idBytes[id[i]] {
			return false
		}
	}
	return true
}

// idBytes is the set of bytes that an id may have.
var idBytes = func() (set [256]bool) {
	const all = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:/+=@"
	for i := range len(all) {
		set[all[i]] = true
	}
	return set
}()

// takeID sets the id of the request, and the client's header if that differs from the id.
func (c *Context) takeID(config *config) {
	sent := c.request.Header[config.idHeader]
	switch {
	case config.requestID != nil:
		if id := config.requestID(c.request); wellFormed(id) {
			c.givenID = id
		}
	case len(sent) > 0 && wellFormed(sent[0]):
		c.givenID = sent[0]
	}
	if !c.stable {
		c.givenID = strings.Clone(c.givenID)
	}
	if len(sent) == 0 || len(sent) == 1 && sent[0] == c.givenID && c.givenID != "" {
		return
	}
	kept := sent
	if !c.stable {
		kept = copyAll(sent)
	}
	c.sentIDs = &kept
}

// randomID returns 128 random bits. They tell requests apart and are not secret.
func randomID() string {
	var bits [16]byte
	for i := 0; i < len(bits); i += 8 {
		n := rand.Uint64()
		for j := range 8 {
			bits[i+j] = byte(n >> (8 * j))
		}
	}
	return hex.EncodeToString(bits[:])
}
