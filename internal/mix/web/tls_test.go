package web_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"time"
)

// clientTLS returns base with all callbacks of a client.
func (w *world) clientTLS(base *tls.Config) *tls.Config {
	c := base.Clone()
	c.ServerName = "example.com"
	c.ClientSessionCache = sessions{w, tls.NewLRUClientSessionCache(4)}
	c.KeyLogWriter = here{w, "client tls.KeyLogWriter"}
	c.Time = func() time.Time { w.CheckHere("client tls.Time"); return time.Now() }
	c.VerifyPeerCertificate = func([][]byte, [][]*x509.Certificate) error {
		w.CheckHere("client tls.VerifyPeerCertificate")
		return nil
	}
	c.VerifyConnection = func(tls.ConnectionState) error { w.CheckHere("client tls.VerifyConnection"); return nil }
	c.GetClientCertificate = func(info *tls.CertificateRequestInfo) (*tls.Certificate, error) {
		w.Check("tls.GetClientCertificate", idOf(info.Context()))
		return new(tls.Certificate), nil
	}
	return c
}

// serverTLS adds all callbacks of a server to c.
func (w *world) serverTLS(c *tls.Config) {
	c.ClientAuth = tls.RequestClientCert
	c.KeyLogWriter = here{w, "server tls.KeyLogWriter"}
	c.Time = func() time.Time { w.CheckHere("server tls.Time"); return time.Now() }
	c.VerifyPeerCertificate = func([][]byte, [][]*x509.Certificate) error {
		w.CheckHere("server tls.VerifyPeerCertificate")
		return nil
	}
	c.VerifyConnection = func(tls.ConnectionState) error { w.CheckHere("server tls.VerifyConnection"); return nil }
	c.GetConfigForClient = func(info *tls.ClientHelloInfo) (*tls.Config, error) {
		w.CheckHere("tls.GetConfigForClient")
		w.Check("tls.GetConfigForClient, context", idOf(info.Context()))
		return nil, nil
	}
	c.GetCertificate = func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		w.CheckHere("tls.GetCertificate")
		return nil, nil
	}
	c.WrapSession = func(s tls.ConnectionState, state *tls.SessionState) ([]byte, error) {
		w.CheckHere("tls.WrapSession")
		return c.EncryptTicket(s, state)
	}
	c.UnwrapSession = func(ticket []byte, s tls.ConnectionState) (*tls.SessionState, error) {
		w.CheckHere("tls.UnwrapSession")
		return c.DecryptTicket(ticket, s)
	}
}

type idKey struct{}

// idOf returns the id of the request that a context belongs to, "" for none.
func idOf(ctx context.Context) string {
	id, _ := ctx.Value(idKey{}).(string)
	return id
}
