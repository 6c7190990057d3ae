// Package a stores what belongs to a request in every way.
package a

import (
	"container/list"
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ambient-go/ambient/cmd/ambient/lint/outlives/testdata/src/other"
	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/httpctx"
)

type entry struct {
	c    *httpctx.Context
	r    *http.Request
	ctx  context.Context
	id   string
	next *entry
}

type registry struct {
	mu    sync.Mutex
	last  entry
	jobs  chan *httpctx.Context
	byID  map[string]*entry
	inner struct{ ctx context.Context }
	live  sync.Map
}

var (
	saved     *httpctx.Context
	untouched *httpctx.Context
	request   *http.Request
	writer    http.ResponseWriter
	ambient   context.Context
	anything  any
	id        string
	all       []*httpctx.Context
	entries   []entry
	byID      = map[string]*http.Request{}
	hooks     []func()
	getID     func() string
	global    registry
	pointer   = &registry{}
	queue     = make(chan context.Context, 1)
	pool      sync.Pool
	live      sync.Map
	newest    atomic.Pointer[httpctx.Context]
	value     atomic.Value
	history   list.List
	cache     other.Cache

	requests = gls.New[*http.Request]("request")
	writers  = gls.New[http.ResponseWriter]("writer")
	contexts gls.Storage[context.Context]
	names    = gls.New[string]("name")
	key      = httpctx.NewKey[*http.Request]("request")
)

// Package-level variables.

func variables() { // want variables:`gives\[\] sets`
	saved = httpctx.GetOrFail() // want `^the current request's Context is stored in package-level variable saved: it ends with its request; keep a copy of what is needed, or ask for it where it is used$`
	saved, _ = httpctx.Get()    // want `is stored in package-level variable saved`
	var err error
	saved, err = httpctx.Lookup() // want `is stored in package-level variable saved`
	_ = err
	c, ok := httpctx.Get()
	if ok {
		saved = c // want `the current request's Context is stored`
	}
	d := c
	anything = d            // want `the current request's Context is stored`
	request = c.Request()   // want `^the current \*http.Request is stored in package-level variable request`
	writer = c.Writer()     // want `^the current request's ResponseWriter is stored in package-level variable writer`
	ambient = c.Context()   // want `^the request's context.Context is stored in package-level variable ambient`
	ambient = gls.Context() // want `^the request's context.Context is stored`
	r := c.Request()
	ambient = r.Context()                                                      // want `context.Context is stored`
	ambient, _ = context.WithTimeout(r.Context(), time.Second)                 // want `is stored in package-level variable ambient`
	ambient = context.WithValue(context.WithValue(gls.Context(), 1, 2), 3, id) // want `context.Context is stored`
	request = r.Clone(context.Background())                                    // want `\*http.Request is stored`
	request, _ = http.NewRequestWithContext(gls.Context(), "GET", "/", nil)    // want `is stored`
	saved = other.Current()                                                    // want `Context is stored`
	request = other.Request()                                                  // want `Request is stored`
	ambient, _ = other.Context()                                               // want `is stored in package-level variable ambient`
	anything = (*httpctx.Context)(c)                                           // want `Context is stored`
	anything = any(c).(fmt.Stringer)                                           // want `a value that holds one of the current request is stored`
	httpctx.RunOutside(func() {
		saved = c // want `Context is stored`
	})
}

func storages() { // want storages:`gives\[\] sets`
	request, _ = requests.Get()                            // want `is stored in package-level variable request`
	request = requests.GetOrFail()                         // want `is stored in package-level variable request`
	writer, _ = writers.Lookup()                           // want `is stored in package-level variable writer`
	ambient, _ = contexts.Get()                            // want `is stored in package-level variable ambient`
	request, _ = key.Get()                                 // want `is stored in package-level variable request`
	request, _ = key.Of(httpctx.GetOrFail())               // want `is stored in package-level variable request`
	request = (*httpctx.Key[*http.Request]).GetOrFail(key) // want `is stored in package-level variable request`
	id, _ = names.Get()                                    // ok: a string
}

func parameter(c *httpctx.Context, r *http.Request) { // want parameter:`keeps{Global:\[1\] Receiver:\[\]}` parameter:`gives\[\] sets`
	saved = c                 // want `Context is stored`
	request = r               // ok: nothing is known of where r comes from
	anything = untouched      // ok: reported where it was put there
	saved = nil               // ok: nothing
	id = c.ID()               // ok: a copy of a string
	id = c.Request().URL.Path // ok: the same
	byID[c.ID()] = nil        // ok: the same, as a key
}

// What a package-level variable holds.

func reachable() { // want reachable:`gives\[\] sets`
	c := httpctx.GetOrFail()
	all = append(all, c)                        // want `a value that holds one of the current request is stored in package-level variable all`
	all = append([]*httpctx.Context{c}, all...) // want `is stored in package-level variable all`
	all[0] = c                                  // want `Context is stored in what package-level variable all holds`
	entries = append(entries, entry{c: c})      // want `is stored in package-level variable entries`
	byID["x"] = c.Request()                     // want `Request is stored in what package-level variable byID holds`
	global.last.c = c                           // want `Context is stored in what package-level variable global holds`
	global.last = entry{ctx: c.Context()}       // want `a value that holds one`
	global.byID["x"].r = c.Request()            // want `Request is stored in what package-level variable global holds`
	(*pointer).inner.ctx = c.Context()          // want `context.Context is stored in what package-level variable pointer holds`
	pointer.last.next.next.c = c                // want `Context is stored in what package-level variable pointer`
	p := &global
	p.last.r = c.Request() // want `Request is stored in what a package-level variable holds`
	e := p.byID["x"]
	e.r = c.Request() // want `Request is stored in what a package-level variable holds`
	copied := global.last
	copied.r = c.Request() // ok: a copy
	_ = copied
	hooks = append(hooks, func() { fmt.Println(c.ID()) }) // want `a value that holds one of the current request is stored in package-level variable hooks`
	hooks[0] = func() { fmt.Println(c.ID()) }             // want `^a function that holds a value of the current request is stored`
	getID = c.ID                                          // want `is stored in package-level variable getID`
	number := len(c.ID())
	hooks[0] = func() { fmt.Println(number) } // ok: holds a number
	for n := pointer.last.next; n != nil; n = n.next {
		n.c = c // want `Context is stored in what a package-level variable holds`
	}
}

func channels(local chan *httpctx.Context, s *registry) {
	c := httpctx.GetOrFail()
	queue <- c.Context() // want `the request's context.Context is sent to a channel that package-level variable queue holds`
	global.jobs <- c     // want `Context is sent to a channel that package-level variable global holds`
	s.jobs <- c          // want `Context is sent to the channel in field s.jobs`
	select {
	case queue <- c.Context(): // want `is sent to a channel`
	default:
	}
	local <- c // ok: a channel of this request
	own := registry{jobs: make(chan *httpctx.Context, 1)}
	own.jobs <- c // ok: the same
}

func containers() {
	c := httpctx.GetOrFail()
	pool.Put(c)                     // want `Context is put into a sync.Pool`
	pool.Put(&entry{c: c})          // want `a value that holds one of the current request is put into a sync.Pool`
	live.Store(c.ID(), c)           // want `Context is stored in what package-level variable live holds`
	newest.Store(c)                 // want `Context is stored in what package-level variable newest holds`
	value.Swap(c.Context())         // want `context.Context is stored in what package-level variable value holds`
	history.PushBack(c)             // want `Context is stored in what package-level variable history holds`
	global.live.LoadOrStore("x", c) // want `Context is stored in what package-level variable global holds`
	cache.Set("x", c)               // want `Context is stored in what package-level variable cache holds`
	other.Keep(c.Request())         // want `Request is given to other.Keep, which stores it in a package-level variable`
	keepContext(gls.Context())      // want `is given to keepContext`
	cache.Set("x", c.ID())          // ok: a string
	cache.Has(c)                    // ok: does not store it
	pool.Put(&entry{id: c.ID()})    // ok: a string
	live.Delete(c)                  // ok: taken out
	var mine other.Cache
	mine.Set("x", c) // ok: a cache of this request
	var m sync.Map
	m.Store("x", c) // ok: the same
}

func keepContext(ctx context.Context) { // want keepContext:`keeps{Global:\[0\] Receiver:\[\]}`
	ctx = context.WithoutCancel(ctx)
	contextOf(ctx)
}

func contextOf(ctx context.Context) { global.inner.ctx = ctx } // want contextOf:`keeps{Global:\[0\] Receiver:\[\]}`

// A struct that stays.

type service struct {
	ctx context.Context
	c   *httpctx.Context
	r   *http.Request
	any any
	m   sync.Map
}

func (s *service) methods() {
	s.ctx = gls.Context()                        // want `^the request's context.Context is kept in a struct, in s.ctx: it ends`
	s.c = httpctx.GetOrFail()                    // want `Context is kept in a struct, in s.c`
	s.c, _ = httpctx.Get()                       // want `is kept in a struct, in s.c`
	s.m.Store("c", httpctx.GetOrFail())          // want `Context is kept in a struct, in s.m.Store`
	s.r = httpctx.GetOrFail().Request()          // ok: no context, and nothing says that s outlives the request
	s.ctx = context.Background()                 // ok: not of a request
	s.ctx = context.WithoutCancel(gls.Context()) // ok: does not end with it
}

func (g *registry) method() { // want method:`gives\[\] sets`
	g.last.r = httpctx.GetOrFail().Request() // want `Request is stored in what a package-level variable holds`
}

func newService() *service { // want newService:`gives\[\] copies\[0\]`
	return &service{ctx: httpctx.GetOrFail().Context()} // want `the request's context.Context is kept in a struct: it ends`
}

func newServices() (all []*service, err error) { // want newServices:`gives\[\] copies\[0\]`
	s := service{c: httpctx.GetOrFail()}            // want `Context is kept in a struct`
	s.ctx = gls.Context()                           // want `is kept in a struct, in s.ctx`
	all = append(all, &service{ctx: gls.Context()}) // want `is kept in a struct`
	if s.any == nil {
		return []*service{{ctx: gls.Context()}}, nil // want `is kept in a struct`
	}
	return append(all, &s), err
}

func newService2() *service { // want newService2:`gives\[\] copies\[0\]`
	s := &service{ctx: gls.Context()} // want `is kept in a struct`
	s.c = httpctx.GetOrFail()         // want `is kept in a struct, in s.c`
	return s
}

func fill(s *service) {
	s.ctx = gls.Context() // want `is kept in a struct, in s.ctx`
}

func temporary(next http.Handler) {
	s := service{ctx: gls.Context()} // ok: does not leave the function
	s.c = httpctx.GetOrFail()        // ok: the same
	s.methods()
	use(service{ctx: gls.Context()}) // ok: an argument, for the time of the call
	c := httpctx.GetOrFail()
	next.ServeHTTP(c.Writer(), c.Request().WithContext(gls.Context())) // ok: arguments
}

func use(service) {}

// A traced is a context itself.
type traced struct {
	context.Context
	span string
}

func newTraced() context.Context { // want newTraced:`gives\[0\]`
	return &traced{gls.Context(), "span"} // ok: a context made of another
}

func (t *traced) reset() {
	t.Context = gls.Context() // ok: the same
}

// Removed again.

func inFlight() { // want inFlight:`gives\[\] sets`
	c := httpctx.GetOrFail()
	global.byID[c.ID()] = &entry{c: c} // ok: removed when the function returns
	defer delete(global.byID, c.ID())
	live.Store(c.ID(), c) // ok: the same
	defer live.Delete(c.ID())
	old := saved
	saved = c // ok: put back
	defer func() { saved = old }()
	newest.Store(c) // ok: emptied
	defer newest.Store(nil)
	pointer.mu.Lock()
	defer pointer.mu.Unlock() // ok: releases a lock and removes nothing
	pointer.last.c = c        // want `Context is stored in what package-level variable pointer holds`
}

// Only while the package is initialised: toplevel's subject.
var initial = httpctx.GetOrFail() // ok: not reported twice

var _, loaded = live.LoadOrStore("c", httpctx.GetOrFail()) // ok: the same

func generic[T any](c T, _ *httpctx.Context) { // want generic:`keeps{Global:\[0\] Receiver:\[\]}`
	anything = c // ok: nothing is known of c
}

type box[T any] struct{ value T }

func (b *box[T]) put(value T) { b.value = value } // want put:`keeps{Global:\[\] Receiver:\[0\]}`

var boxed box[*httpctx.Context]

func instance() {
	boxed.put(httpctx.GetOrFail())              // want `Context is stored in what package-level variable boxed holds`
	(*box[*httpctx.Context]).put(&boxed, saved) // ok: a method expression is not followed
	generic(httpctx.GetOrFail(), nil)           // want `Context is given to generic, which stores it`
}
