package framework

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"testing"
)

// Certificate returns a certificate for a test's server.
func Certificate(testing.TB) tls.Certificate {
	s := httptest.NewTLSServer(http.NotFoundHandler())
	defer s.Close()
	return s.TLS.Certificates[0]
}
