package httpctx_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/httpctx"
)

var (
	wellFormed = regexp.MustCompile(`\A[A-Za-z0-9\-_.:/+=@]{1,128}\z`)
	random     = regexp.MustCompile(`\A[0-9a-f]{32}\z`)
)

// idOf returns the id of a request with these X-Request-ID header fields.
func idOf(fields []string, opts ...httpctx.Option) (id string) {
	r := newRequest("/")
	r.Header["X-Request-Id"] = fields
	httpctx.Run(httptest.NewRecorder(), r, func() { id = httpctx.GetOrFail().ID() }, opts...)
	return id
}

var (
	goodIDs = []string{
		"a", "0", "-", strings.Repeat("x", 128), "4bf92f3577b34da6a3ce929d0e0e4736",
		"01890a5d-ac96-774b-bcce-b302099a8057", "Root=1-67891233-abcdef012345678912345678",
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:/+=@", "user@host:1/2+3", "..", "//",
	}
	badIDs = []string{
		"", " ", "a b", " a", "a ", strings.Repeat("x", 129), strings.Repeat("x", 1<<16), "a\x00", "\x7f", "a\tb",
		"a\r\nSet-Cookie: x=1", "a\nb", "a\rb", "é", "a\u202e", "\xff\xfe", "日本", "Ａ", `"quoted"`, "'quoted'", "<b>",
		"a;b", "a,b", "{}", "%0a", "a\\b", "$(id)", "`id`", "a|b", "a&b", "a?b", "a#b", "a*b", "a!b", "a~b", "a^b",
		"[a]",
	}
)

// An id from a client is used only if nothing can go wrong with it.
func TestRule7(t *testing.T) {
	for _, id := range goodIDs {
		assert.Equal(t, id, idOf([]string{id}))
		assert.Equal(t, id, idOf([]string{id, "another"}), "the first of several")
		assert.Equal(t, id, idOf(nil, httpctx.WithRequestID(func(*http.Request) string { return id })))
	}
	for _, id := range badIDs {
		for _, got := range []string{
			idOf([]string{id}),
			idOf(nil, httpctx.WithRequestID(func(*http.Request) string { return id })),
		} {
			assert.Regexp(t, random, got, "%q", id)
		}
	}
	assert.Regexp(t, random, idOf(nil))
	assert.Regexp(t, random, idOf([]string{}))
	for b := range 256 {
		id := "a" + string([]byte{byte(b)}) + "b"
		assert.Equal(t, wellFormed.MatchString(id), idOf([]string{id}) == id, "%q", id)
	}
}

// Which requests WithRequestID is asked about, and that the header is not looked at then.
func TestWithRequestID(t *testing.T) {
	var asked []*http.Request
	ids := httpctx.WithRequestID(func(r *http.Request) string {
		asked = append(asked, r)
		return fmt.Sprint("made-", len(asked))
	})
	h := httpctx.New(ids)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := httpctx.GetOrFail()
		assert.Same(t, r, asked[len(asked)-1])
		for range 3 {
			assert.Equal(t, fmt.Sprint("made-", len(asked)), c.ID())
		}
	}))
	for range 2 {
		h.ServeHTTP(httptest.NewRecorder(), newRequest("/", "X-Request-ID", "client"))
	}
	assert.Len(t, asked, 2, "once a request")
	// The later of two options wins.
	assert.Equal(t, "second", idOf(nil, ids, httpctx.WithRequestID(func(*http.Request) string { return "second" })))
	assert.Len(t, asked, 2)
}

// Random ids are different, and asked for at once by many goroutines they are one.
func TestRandomID(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		id := idOf(nil)
		require.Regexp(t, random, id)
		require.False(t, seen[id])
		seen[id] = true
	}
	for range 2000 {
		inRequest(func(c *httpctx.Context) {
			var ids [2]string
			var group sync.WaitGroup
			var ready atomic.Int32
			for i := range ids {
				group.Go(func() {
					for ready.Add(1); ready.Load() < int32(len(ids)); { // both at the same moment
						runtime.Gosched()
					}
					ids[i] = c.ID()
				})
			}
			group.Wait()
			for _, id := range ids {
				assert.Equal(t, c.ID(), id)
			}
		})
	}
}

// What a server receives: names of header fields have no case, the first field counts.
func TestRequestIDOnTheWire(t *testing.T) {
	s := serve(t, middleware(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, httpctx.GetOrFail().ID()) }))
	for want, lines := range map[string][]string{
		"id-1": {"x-request-id: id-1"},
		"id-2": {"X-REQUEST-ID:id-2  "},
		"id-3": {"X-Request-ID: id-3", "X-Request-ID: id-4"},
	} {
		body, err := dial(t, s).ask(t, "/", lines...)
		assert.NoError(t, err)
		assert.Equal(t, want, body)
	}
	for _, lines := range [][]string{
		nil,
		{"X-Request-ID:"},
		{"X-Request-ID: a b"},
		{"X-Request-ID: \"a\""},
		{"X-Request-ID: bad id", "X-Request-ID: good"},
		{"X-Request-ID: " + strings.Repeat("x", 129)},
		{"X-Request-ID: \xc3\xa9"},
		{"X_Request_ID: underscore"},
	} {
		body, err := dial(t, s).ask(t, "/", lines...)
		assert.NoError(t, err)
		assert.Regexp(t, random, body, "%q", lines)
	}
	two := serveHTTP2(t, s.Config.Handler)
	assert.Equal(t, "id-5", get(t, two.Client(), two.URL, "X-Request-ID", "id-5"))
}

// Whatever a client sends, an id is ASCII, short and without anything that a log line or a header could trip over.
func FuzzRequestID(f *testing.F) {
	for _, id := range append(goodIDs, badIDs...) {
		f.Add(id, "second")
	}
	f.Fuzz(func(t *testing.T, first, second string) {
		for _, id := range []string{
			idOf([]string{first, second}),
			idOf(nil, httpctx.WithRequestID(func(*http.Request) string { return first })),
		} {
			switch {
			case !wellFormed.MatchString(id):
				t.Errorf("%q from %q is not well-formed", id, first)
			case wellFormed.MatchString(first) && id != first:
				t.Errorf("%q instead of %q", id, first)
			case !wellFormed.MatchString(first) && !random.MatchString(id):
				t.Errorf("%q from %q", id, first)
			}
		}
	})
}

// A Run that fails in WithRequestID leaves nothing behind.
func TestWithRequestIDPanics(t *testing.T) {
	before := gls.Capture()
	called := false
	ids := httpctx.WithRequestID(func(*http.Request) string {
		assert.Nil(t, current(), "the request has no Context yet")
		panic("no id")
	})
	assert.Equal(t, "no id", panicOf(func() {
		httpctx.Run(httptest.NewRecorder(), newRequest("/"), func() { called = true }, ids)
	}))
	assert.False(t, called)
	assert.True(t, before == gls.Capture())
}
