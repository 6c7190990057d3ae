// Package served keeps what a handler is given.
package served

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/ambient-go/ambient/gls"
)

var (
	last    *http.Request
	lastURL string
	byHost  = map[string]*http.Request{}
	writers []http.ResponseWriter
	hooks   []func()
	live    sync.Map
	newest  atomic.Pointer[http.Request]
	ctx     context.Context
	address string
	once    sync.Once
)

func handle(w http.ResponseWriter, r *http.Request) { // want handle:`gives\[\] sets`
	last = r                                             // want `^the current \*http.Request is stored in package-level variable last: it ends with its request`
	byHost[r.Host] = r                                   // want `stored in what package-level variable byHost holds`
	writers = append(writers, w)                         // want `stored in package-level variable writers`
	live.Store(r.Host, r)                                // want `stored in what package-level variable live holds`
	newest.Store(r)                                      // want `stored in what package-level variable newest holds`
	ctx = r.Context()                                    // want `^the request's context.Context is stored`
	ctx = context.WithoutCancel(r.Context())             // ok: it does not end with the request
	hooks = append(hooks, func() { fmt.Println(r.URL) }) // want `a value that holds one of the current request is stored`
	remember(r)                                          // want `given to remember, which stores it`
	fmt.Println(r, w)                                    // ok: for the time of the call
	lastURL = r.URL.Path                                 // ok: a copy of a string
	live.Store(r.Host, r.URL.Path)                       // ok: the same
	if address == "" {
		address = r.RemoteAddr // want `^address, filled when it is empty, keeps what the first request gave`
	}
	once.Do(func() { address = r.RemoteAddr }) // want `^sync.Once keeps what the first request gave`
	host := r.Host
	hooks = append(hooks, func() { fmt.Println(host) }) // ok: the same
}

func remember(r *http.Request) { last = r } // want remember:`keeps{Global:\[0\] Receiver:\[\]}`

var literal = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	s := &session{r: r} // ok: a local variable
	s.ctx = r.Context() // ok: the same
	serve(s)
	traced := r.WithContext(context.WithValue(r.Context(), session{}, 1))
	last = traced // want `stored in package-level variable last`
})

type session struct {
	r   *http.Request
	ctx context.Context
}

func serve(*session) {}

type server struct {
	ctx     context.Context
	handler http.Handler
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.ctx = r.Context() // want `^the request's context.Context is kept in a struct, in s.ctx`
	s.handler.ServeHTTP(w, r)
}

// Removed again.
func inFlight(w http.ResponseWriter, r *http.Request) { // want inFlight:`gives\[\] sets`
	byHost[r.Host] = r // ok: removed when the function returns
	defer delete(byHost, r.Host)
	live.Store(r, w) // ok: the same
	defer live.Delete(r)
}

// A client's requests are no handler's.

type transport struct {
	base http.RoundTripper
}

func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) { // want RoundTrip:`keeps{Global:\[0\] Receiver:\[\]}`
	byHost[r.Host] = r // ok: a request that the program sends
	return t.base.RoundTrip(r)
}

// Sent to another goroutine.

type job struct {
	r    *http.Request
	done chan struct{}
}

var (
	queue = make(chan *http.Request, 1)
	jobs  = make(chan job)
)

func enqueue(w http.ResponseWriter, r *http.Request) {
	queue <- r                          // want `sent to a channel that package-level variable queue holds`
	jobs <- job{r, make(chan struct{})} // want `sent to a channel that package-level variable jobs holds`
}

func tryEnqueue(w http.ResponseWriter, r *http.Request) {
	select {
	case queue <- r: // want `sent to a channel`
	case <-r.Context().Done(): // does not wait for what is sent
	}
}

func ask(w http.ResponseWriter, r *http.Request) {
	done := make(chan struct{})
	select {
	case jobs <- job{r, done}: // ok: the handler waits for the answer
	case <-r.Context().Done():
		return
	}
	<-done
}

func group(w http.ResponseWriter, r *http.Request) {
	var wg sync.WaitGroup
	wg.Add(1)
	queue <- r // ok: the same, if the reader knows the group
	wg.Wait()
}

// Snapshots.

var (
	snapshot  gls.Snapshot
	started   = gls.Capture() // ok: that of the program's start
	bound     func()
	callbacks = map[string]func(){}
)

func capture(w http.ResponseWriter, r *http.Request) {
	snapshot = gls.Capture()                   // want `^a snapshot of the current request is stored in package-level variable snapshot`
	func() { bound = gls.Bind(func() {}) }()   // want `^a function that holds a value of the current request is stored in package-level variable bound`
	callbacks[r.Host] = gls.Bind(func() {})    // ok: runs for this request
	hooks = append(hooks, gls.Bind(func() {})) // ok: the same
	local := gls.Capture()                     // ok: ends with the handler
	local.Run(func() {})
}

func below(w http.ResponseWriter, r *http.Request) {
	keep()
	gls.Isolate(func() { snapshot = gls.Capture() }) // ok: captured with nothing set
}

type holder struct {
	flush func()
	from  gls.Snapshot
	each  map[string]gls.Snapshot
}

var held holder

func keep() {
	snapshot = gls.Capture()            // want `^a snapshot of the current request is stored in package-level variable snapshot`
	held.flush = gls.Bind(func() {})    // want `^a function that holds a value of the current request is stored in what package-level variable held holds`
	held.each["x"] = gls.Capture()      // ok: may be that of one request
	mine := holder{from: gls.Capture()} // ok: the same
	mine.flush = gls.Bind(func() {})    // ok: the same
}

func (h *flusher) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.last = gls.Capture()       // want `^a snapshot of the current request is kept in the handler, in h.last`
	h.by[r.Host] = gls.Capture() // ok: may be that of one request
}

type flusher struct {
	last gls.Snapshot
	by   map[string]gls.Snapshot
}

func start() {
	snapshot = gls.Capture() // ok: may be that of the program's start
	bound = gls.Bind(bound)  // ok: the same
}
