package conformance_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"

	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/gls"
)

// nodeNetRows go over the loopback device.
var nodeNetRows = []row{
	{"N-05 a UDP client's read loop", func(t *probe) {
		s := fresh[string](t)
		server, err := net.ListenPacket("udp", "127.0.0.1:0")
		if !assert.NoError(t, err) {
			return
		}
		var wg gls.WaitGroup
		wg.Go(func() { // echoes one datagram
			buf := make([]byte, 64)
			n, from, err := server.ReadFrom(buf)
			assert.NoError(t, err)
			_, err = server.WriteTo(buf[:n], from)
			assert.NoError(t, err)
		})
		var client net.Conn
		s.Run("v", func() {
			client, err = net.Dial("udp", server.LocalAddr().String())
			if !assert.NoError(t, err) {
				return
			}
			wg.Go(func() {
				buf := make([]byte, 64)
				n, err := client.Read(buf)
				assert.NoError(t, err)
				assert.Equal(t, "message", string(buf[:n]))
				sees(t, "v", s)
			})
		})
		_, err = client.Write([]byte("message"))
		assert.NoError(t, err)
		wg.Wait()
		assert.NoError(t, client.Close())
		assert.NoError(t, server.Close())
	}},
	{"N-20 flows that share one client connection", func(t *probe) {
		s := fresh[int](t)
		server, connections := countingServer()
		defer server.Close()
		client := &http.Client{Transport: &http.Transport{MaxConnsPerHost: 1}}
		defer client.CloseIdleConnections()
		var wg gls.WaitGroup
		for i := range 3 {
			s.Run(i, func() {
				wg.Go(func() {
					_, err := fetch(client, server.URL)
					assert.NoError(t, err)
					sees(t, i, s)
				})
			})
		}
		wg.Wait()
		assert.Equal(t, 1, connections())
	}},
	{"N-21 a flow after a round trip", func(t *probe) {
		s := fresh[*store](t)
		server, _ := countingServer()
		defer server.Close()
		want := newStore()
		s.Run(want, func() {
			_, err := fetch(server.Client(), server.URL)
			assert.NoError(t, err)
			sees(t, want, s)
		})
	}},
	{"N-31 a TCP client's read loop", func(t *probe) {
		readsInLoop(t, func() (net.Listener, error) { return net.Listen("tcp", "127.0.0.1:0") },
			func(conn net.Conn, _ func()) net.Conn { return conn })
	}},
	{"N-32 a TLS client's read loop and its callbacks", func(t *probe) {
		certificate := httptest.NewUnstartedServer(nil)
		certificate.StartTLS()
		config := &tls.Config{Certificates: certificate.TLS.Certificates}
		roots := x509.NewCertPool()
		roots.AddCert(certificate.Certificate())
		certificate.Close()
		readsInLoop(t, func() (net.Listener, error) { return tls.Listen("tcp", "127.0.0.1:0", config) },
			func(conn net.Conn, callback func()) net.Conn {
				return tls.Client(conn, &tls.Config{
					RootCAs:    roots,
					ServerName: "example.com",
					VerifyConnection: func(tls.ConnectionState) error {
						callback()
						return nil
					},
				})
			})
	}},
	{"N-44 ten clients with bodies of a mebibyte", func(t *probe) {
		const clients, size, chunk = 10, 1 << 20, 64 << 10
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body := bytes.Repeat([]byte{r.URL.Path[1]}, chunk)
			for range size / chunk {
				if _, err := w.Write(body); err != nil {
					return
				}
			}
		}))
		defer server.Close()
		var wg gls.WaitGroup
		for i := range clients {
			wg.Go(func() {
				letter := string(rune('a' + i))
				download := &download{}
				downloads.Run(download, func() {
					resp, err := server.Client().Get(server.URL + "/" + letter)
					if !assert.NoError(t, err) {
						return
					}
					defer resp.Body.Close()
					_, err = io.Copy(chunkHandler{}, resp.Body)
					assert.NoError(t, err)
					assert.Equal(t, size, download.size)
					assert.Equal(t, letter, string(download.letters))
				})
			})
		}
		wg.Wait()
		unset(t, downloads)
	}},
}

// A download is what a chunkHandler has seen.
type download struct {
	size    int
	letters []byte // each once
}

var downloads = gls.New[*download]("downloads")

// A chunkHandler knows the storage alone.
type chunkHandler struct{}

func (chunkHandler) Write(chunk []byte) (int, error) {
	d, err := downloads.Lookup()
	if err != nil {
		return 0, err
	}
	d.size += len(chunk)
	for rest := chunk; len(rest) > 0; rest = bytes.TrimLeft(rest, string(rest[:1])) {
		if !bytes.Contains(d.letters, rest[:1]) {
			d.letters = append(d.letters, rest[0])
		}
	}
	return len(chunk), nil
}

// countingServer answers with one line; connections tells over how many connections it has been asked.
func countingServer() (server *httptest.Server, connections func() int) {
	var mu sync.Mutex
	from := map[string]bool{}
	server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		from[r.RemoteAddr] = true
		mu.Unlock()
		fmt.Fprintln(w, "hello")
	}))
	return server, func() int {
		mu.Lock()
		defer mu.Unlock()
		return len(from)
	}
}

// readsInLoop asserts that a read loop started in Run sees the value when data comes after Run, and so does what
// client calls back.
func readsInLoop(t *probe, listen func() (net.Listener, error), client func(conn net.Conn, callback func()) net.Conn) {
	t.Helper()
	s := fresh[string](t)
	listener, err := listen()
	if !assert.NoError(t, err) {
		return
	}
	gate := make(chan struct{})
	var wg gls.WaitGroup
	wg.Go(func() { // sends one message
		conn, err := listener.Accept()
		if !assert.NoError(t, err) {
			return
		}
		defer conn.Close()
		<-gate
		_, err = conn.Write([]byte("message"))
		assert.NoError(t, err)
	})
	s.Run("v", func() {
		raw, err := net.Dial("tcp", listener.Addr().String())
		if !assert.NoError(t, err) {
			return
		}
		conn := client(raw, func() { sees(t, "v", s, "a callback of the connection") })
		wg.Go(func() {
			defer conn.Close()
			data, err := io.ReadAll(conn)
			assert.NoError(t, err)
			assert.Equal(t, "message", string(data))
			sees(t, "v", s)
		})
	})
	unset(t, s)
	close(gate)
	wg.Wait()
	assert.NoError(t, listener.Close())
}
