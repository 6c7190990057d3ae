package httpctx

import (
	"encoding/hex"
	"math/rand/v2"
	"strings"
)

const (
	idHeader = "X-Request-Id" // in canonical form
	maxID    = 128
)

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

// idBytes are the bytes that an id is made of.
var idBytes = func() (set [256]bool) {
	const all = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:/+=@"
	for i := range len(all) {
		set[all[i]] = true
	}
	return set
}()

// takeID sets the id that a request brings, and what a client has sent instead.
func (c *Context) takeID(config *config) {
	sent := c.request.Header[idHeader]
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

// randomID returns 128 random bits. They tell requests apart and are no secret.
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
