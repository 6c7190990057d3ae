package httpctx

import (
	"encoding/hex"
	"math/rand/v2"
	"net/http"
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

// clientID returns the client's id if it is well-formed, "" otherwise.
func clientID(r *http.Request) string {
	if ids := r.Header[idHeader]; len(ids) > 0 && wellFormed(ids[0]) {
		return ids[0]
	}
	return ""
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
