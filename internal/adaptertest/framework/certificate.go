package framework

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"testing"
)

// Certificate returns one that a test's server has.
func Certificate(testing.TB) tls.Certificate {
	s := httptest.NewTLSServer(http.NotFoundHandler())
	defer s.Close()
	return s.TLS.Certificates[0]
}
