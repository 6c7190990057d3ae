package framework

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/internal/adaptertest"
)

// Compare measures requests to two servers: own, whose middleware keeps the request's id as the
// framework does, and ambient. Both answer with the id. Each has one connection, which stays open.
func Compare(b *testing.B, own, ambient string) {
	b.Helper()
	was, is := newAsked(b, own), newAsked(b, ambient)
	adaptertest.InTurn(b, func(n int) { was.ask(b, n) }, func(n int) { is.ask(b, n) })
}

// CompareHandlers is Compare of two servers of net/http.
func CompareHandlers(b *testing.B, own, ambient http.Handler) {
	b.Helper()
	var addrs [2]string
	for i, h := range []http.Handler{own, ambient} {
		server := httptest.NewServer(h)
		b.Cleanup(server.Close)
		addrs[i] = server.Listener.Addr().String()
	}
	Compare(b, addrs[0], addrs[1])
}

type idKey struct{}

// WithID is what middlewares do without this module: the id of the request in its context.
func WithID(r *http.Request) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), idKey{}, r.Header.Get("X-Request-ID")))
}

// ID returns what WithID has set.
func ID(ctx context.Context) string {
	id, _ := ctx.Value(idKey{}).(string)
	return id
}

// IDMiddleware is WithID for routers whose middlewares are those of net/http.
func IDMiddleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { next.ServeHTTP(w, WithID(r)) })
}

// An asked is a server with a connection to it.
type asked struct {
	conn   net.Conn
	r      *bufio.Reader
	answer []byte // as long as each
}

const question = "GET /work/1?q=1 HTTP/1.1\r\nHost: example.com\r\nX-Request-ID: id-0123456789\r\n" +
	"User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\n" +
	"Accept: text/html,application/xhtml+xml\r\nAccept-Language: en\r\nAccept-Encoding: gzip, deflate\r\n" +
	"Cookie: session=0123456789abcdef\r\n\r\n"

func newAsked(b *testing.B, addr string) *asked {
	conn, err := net.Dial("tcp", addr)
	require.NoError(b, err)
	b.Cleanup(func() { conn.Close() })
	_, err = io.WriteString(conn, question)
	require.NoError(b, err)
	s := &asked{conn: conn, r: bufio.NewReader(conn)}
	counted := &counter{r: s.r}
	response, err := http.ReadResponse(bufio.NewReaderSize(counted, 16), nil)
	require.NoError(b, err)
	text, err := io.ReadAll(response.Body)
	require.NoError(b, err)
	response.Body.Close()
	require.Equal(b, "id-0123456789", string(text))
	s.answer = make([]byte, counted.n)
	return s
}

type counter struct {
	r io.Reader
	n int
}

func (c *counter) Read(p []byte) (n int, err error) {
	n, err = c.r.Read(p)
	c.n += n
	return n, err
}

// ask makes n requests.
func (s *asked) ask(b *testing.B, n int) {
	for range n {
		if _, err := io.WriteString(s.conn, question); err != nil {
			b.Fatal(err)
		}
		if _, err := io.ReadFull(s.r, s.answer); err != nil {
			b.Fatal(err)
		}
	}
	if string(s.answer[:12]) != "HTTP/1.1 200" {
		b.Fatalf("%q", s.answer)
	}
}
