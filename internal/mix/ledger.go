package mix

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"weak"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/httpctx"
	"github.com/ambient-go/ambient/internal/goroutine"
)

// Header is the request header that has the request's id.
const Header = "X-Request-ID"

// A Ledger runs requests and counts what their code finds. Its methods are safe for concurrent use.
type Ledger struct {
	user   *gls.Storage[*identity]
	here   sync.Map // from the id of a goroutine to the id of the request that it serves; the test keeps it
	places sync.Map // from a place's name to its *count

	mu     sync.Mutex
	faults []string
	over   []kept
}

// An identity is the value that is set for one request, in a storage and as a value of the ambient
// context.
type identity struct {
	id  string
	pad [64]byte // makes the identity an allocation of its own
}

type contextKey struct{}

// kept holds weak pointers to values that may be garbage once the request has ended.
type kept struct {
	id      string
	user    weak.Pointer[identity]
	value   weak.Pointer[identity]
	current weak.Pointer[httpctx.Context]
}

// count holds the results of one place. Each check adds to one of them.
type count struct{ own, none, another atomic.Int64 }

// NewLedger returns a Ledger without entries.
func NewLedger() *Ledger { return &Ledger{user: gls.New[*identity]("user")} }

// In runs fn as the request id: its storage, ambient context and httpctx.Context are set.
func (l *Ledger) In(id string, fn func()) {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set(Header, id)
	httpctx.Run(httptest.NewRecorder(), r, func() { l.run(fn) })
}

// Serve is In for a server's handler.
func (l *Ledger) Serve(next http.Handler) http.Handler {
	return httpctx.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		l.run(func() { next.ServeHTTP(w, r) })
	}))
}

func (l *Ledger) run(fn func()) {
	c := httpctx.GetOrFail()
	user, value := &identity{id: c.ID()}, &identity{id: c.ID()}
	entry := kept{c.ID(), weak.Make(user), weak.Make(value), weak.Make(c)}
	defer func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.over = append(l.over, entry)
	}()
	ctx := context.WithValue(gls.Context(), contextKey{}, value)
	l.As(entry.id, func() { gls.Run(fn, l.user.With(user), gls.WithContext(ctx)) })
}

// As says that the running goroutine serves the request id until fn returns. It sets nothing.
func (l *Ledger) As(id string, fn func()) {
	self := goroutine.ID()
	previous, nested := l.here.Swap(self, id)
	defer func() {
		if nested {
			l.here.Store(self, previous)
		} else {
			l.here.Delete(self)
		}
	}()
	fn()
}

// found returns the ids that can be read here, "" for those that are not set.
func (l *Ledger) found() (ids [3]string) {
	if v, ok := l.user.Get(); ok {
		ids[0] = v.id
	}
	if v, ok := gls.Context().Value(contextKey{}).(*identity); ok {
		ids[1] = v.id
	}
	if c, ok := httpctx.Get(); ok {
		ids[2] = c.ID()
	}
	return ids
}

var readings = [3]string{"storage", "gls.Context", "httpctx.Get"}

// Check compares every id that is found here with the request id, and reports whether it found the
// request's own id and whether it found another. Finding nothing is no fault.
func (l *Ledger) Check(place, id string) (own, another bool) { return l.check(place, id, false) }

// Must is Check for places where the request's id must be found.
func (l *Ledger) Must(place, id string) {
	if own, _ := l.Check(place, id); !own {
		l.Fault("%s: %s finds nothing of its own", place, id)
	}
}

// CheckHere is Check for code that does not know its request: it must find nothing, or the request
// that the running goroutine serves.
func (l *Ledger) CheckHere(place string) {
	id, _ := l.here.Load(goroutine.ID())
	served, _ := id.(string)
	l.check(place, served, served == "")
}

// single lists functions of goroutines that serve one request alone, and call code that does not
// know its request.
var single = []string{
	"http2.(*clientStream).doRequest", "http2clientStream).doRequest", // each request of a client
	"switchProtocolCopier", "handleUpgradeResponse", // the connections of an upgrade behind a ReverseProxy
	"(*transferWriter).probeRequestBody", "serveContent", "http1ClientConn",
}

// check compares the ids that were found with id. If unknown is set, a goroutine of a single
// request may find that request.
func (l *Ledger) check(place, id string, unknown bool) (own, another bool) {
	found := l.found()
	if unknown && found != [3]string{} && ofOneRequest() {
		for _, f := range found { // all must belong to one request
			if f != "" {
				id = f
			}
		}
	}
	c := l.count(place)
	for i, f := range found {
		switch f {
		case "":
			c.none.Add(1)
		case id:
			c.own.Add(1)
			own = true
		default:
			c.another.Add(1)
			another = true
			l.Fault("%s of %q: %s is of %q", place, id, readings[i], f)
		}
	}
	return own, another
}

func ofOneRequest() bool {
	pcs := make([]uintptr, 200)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs)])
	for {
		f, more := frames.Next()
		if slices.ContainsFunc(single, func(s string) bool { return strings.Contains(f.Function, s) }) {
			return true
		}
		if !more {
			return false
		}
	}
}

func (l *Ledger) count(place string) *count {
	c, ok := l.places.Load(place)
	if !ok {
		c, _ = l.places.LoadOrStore(place, new(count))
	}
	return c.(*count)
}

// Fault records a fault. The Ledger keeps the first ones.
func (l *Ledger) Fault(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.faults) < 40 {
		l.faults = append(l.faults, fmt.Sprintf(format, args...))
	}
}

// Faults returns the recorded faults.
func (l *Ledger) Faults() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.faults)
}

// Totals returns the sums of all places.
func (l *Ledger) Totals() (own, none, another int64) {
	for _, c := range l.places.Range {
		c := c.(*count)
		own, none, another = own+c.own.Load(), none+c.none.Load(), another+c.another.Load()
	}
	return own, none, another
}

// Of returns the results of one place.
func (l *Ledger) Of(place string) (own, none, another int64) {
	c := l.count(place)
	return c.own.Load(), c.none.Load(), c.another.Load()
}

// String returns a table of all places.
func (l *Ledger) String() string {
	var lines []string
	for place, c := range l.places.Range {
		c := c.(*count)
		lines = append(lines, fmt.Sprintf("%-52s own %7d  none %7d  another %d", place, c.own.Load(), c.none.Load(),
			c.another.Load()))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// Kept collects garbage until no value of an ended request is left, and returns those that are
// still left after a while.
func (l *Ledger) Kept() (left []string) {
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		for range 2 {
			runtime.GC()
		}
		left = nil
		l.mu.Lock()
		for _, k := range l.over {
			for i, there := range []bool{k.user.Value() != nil, k.value.Value() != nil, k.current.Value() != nil} {
				if there {
					left = append(left, k.id+"'s "+readings[i])
				}
			}
		}
		l.mu.Unlock()
		if len(left) == 0 || time.Now().After(deadline) {
			return left
		}
	}
}
