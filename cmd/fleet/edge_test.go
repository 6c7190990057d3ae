package main

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestTheEdgeTakesOrdersOfClientsThatHaveSignedIn(t *testing.T) {
	var taken []string
	fails := false
	h := edge(func(goods string) error {
		if fails {
			return errors.New("the queue is away")
		}
		taken = append(taken, orderID()+" "+goods)
		return nil
	})
	call := func(name, password, goods string) int {
		r := httptest.NewRequest(http.MethodPost, "/orders", strings.NewReader(goods))
		r.Header.Set("X-Request-ID", "r-1")
		r.Header.Set("baggage", "tenant=forged,user=666,request=forged")
		if name+password != "" {
			r.SetBasicAuth(name, password)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Code
	}
	assert.Equal(t, http.StatusUnauthorized, call("", "", "a chair"), "baggage is no sign-in")
	assert.Equal(t, http.StatusUnauthorized, call("acme", "no number", "a chair"))
	assert.Equal(t, http.StatusRequestEntityTooLarge, call("acme", "7", strings.Repeat("x", 1001)))
	assert.Equal(t, http.StatusOK, call("acme", "7", "a chair"))
	fails = true
	assert.Equal(t, http.StatusServiceUnavailable, call("acme", "7", "a table"), "the client is to try again")
	assert.Equal(t, []string{"acme/r-1 a chair"}, taken)
}
