package framework

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Compare measures requests to two servers: own, whose middleware keeps the request's id as the
// framework does, and ambient. It asks each in turn, a batch at a time, on one connection that
// stays open. Both answer with the id. It reports the median time of each, the ratio of the two,
// and the allocations that ambient adds.
func Compare(b *testing.B, own, ambient string) {
	servers := [2]*asked{newAsked(b, own), newAsked(b, ambient)}
	const batch = 100
	for range 5 {
		for _, s := range servers {
			s.ask(b, batch)
			s.times, s.mallocs = nil, 0
		}
	}
	n := 0
	for b.Loop() {
		n++
		for _, s := range servers {
			s.ask(b, batch)
		}
	}
	mallocs := func(s *asked) float64 { return float64(s.mallocs) / float64(n) / batch }
	was, is := servers[0].median(), servers[1].median()
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(was.Nanoseconds())/batch, "own-ns/request")
	b.ReportMetric(float64(is.Nanoseconds())/batch, "ambient-ns/request")
	b.ReportMetric(float64(is)/float64(was), "ratio")
	b.ReportMetric(mallocs(servers[1])-mallocs(servers[0]), "added-allocs/request")
}

// An asked is a server with a connection to it.
type asked struct {
	conn    net.Conn
	r       *bufio.Reader
	answer  []byte // as long as each
	times   []time.Duration
	mallocs uint64
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
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	began := time.Now()
	for range n {
		if _, err := io.WriteString(s.conn, question); err != nil {
			b.Fatal(err)
		}
		if _, err := io.ReadFull(s.r, s.answer); err != nil {
			b.Fatal(err)
		}
	}
	s.times = append(s.times, time.Since(began))
	runtime.ReadMemStats(&after)
	s.mallocs += after.Mallocs - before.Mallocs
	if string(s.answer[:12]) != "HTTP/1.1 200" {
		b.Fatalf("%q", s.answer)
	}
}

func (s *asked) median() time.Duration {
	slices.Sort(s.times)
	return s.times[len(s.times)/2]
}
