// Package a gives callbacks to events in every way.
package a

import (
	"context"
	"log"
	"net/http"

	"github.com/ambient-go/ambient/cmd/ambient/lint/afterrequest/testdata/src/other"
	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/httpctx"
)

type bus struct{}

func (*bus) On(name string, f func())                        {}
func (*bus) Once(name string, fs ...func(int))               {}
func (*bus) Subscribe(name string, f any) error              { return nil }
func (*bus) AddListener(l listener)                          {}
func (*bus) Listen(f func(context.Context) error)            {}
func (*bus) Handle(name string, f func(string) (int, error)) {}
func (*bus) Emit(name string, f func())                      {}
func (*bus) OnEvent(f func())                                {}

type listener interface{ Notify(string) }

type emitter interface{ On(string, func()) }

var (
	user = gls.New[string]("user")
	key  = httpctx.NewKey[int]("key")
)

func direct(b *bus) {
	b.On("sold", func() { // want `^the callback given to b.On reads the current request \(httpctx.GetOrFail\): when it runs, the request may be over and there is none; emit the event in httpctx.GoDetached, or read what the callback needs before$`
		log.Print(httpctx.GetOrFail().ID())
	})
	b.Once("sold",
		func(int) {},
		func(int) { _, _ = httpctx.Get() },    // want `given to b.Once reads the current request \(httpctx.Get\)`
		func(int) { _, _ = httpctx.Lookup() }) // want `given to b.Once reads the current request \(httpctx.Lookup\)`
	_ = b.Subscribe("sold", func(string) { _, _ = key.Get() }) // want `given to b.Subscribe reads the current request \(key.Get\)`
	b.Listen(func(context.Context) error {                     // want `given to b.Listen`
		_ = key.GetOrFail()
		return nil
	})
	b.Handle("sold", func(string) (int, error) { _, err := httpctx.Lookup(); return 0, err }) // want `given to b.Handle`
}

func through(b *bus, e emitter, t *other.Topic[int]) {
	b.On("sold", func() { log.Print(other.ID()) }) // want `\(httpctx.GetOrFail through other.ID, other.request\)`
	b.On("sold", named)                            // want `\(httpctx.GetOrFail through a.named\)`
	b.On("sold", listening{}.named)                // want `\(httpctx.GetOrFail through a.listening.named\)`
	b.On("sold", gls.Bind(named))                  // want `\(httpctx.GetOrFail through a.named\)`
	b.On("sold", gls.Bind(func() { named() }))     // want `\(httpctx.GetOrFail through a.named\)`
	callback := func() { named() }
	b.On("sold", callback) // want `given to b.On`
	bound := gls.Bind(callback)
	b.On("sold", bound) // want `given to b.On`
	type fn func()
	_ = b.Subscribe("sold", fn(named))                 // want `given to b.Subscribe`
	b.AddListener(listening{})                         // want `given to b.AddListener reads the current request \(httpctx.Get`
	b.AddListener(&listening{})                        // want `given to b.AddListener`
	e.On("sold", named)                                // want `given to e.On`
	t.Subscribe(func(int) { named() })                 // want `given to t.Subscribe`
	(*bus).On(b, "sold", named)                        // want `given to \(\*bus\).On`
	b.On("sold", func() { httpctx.GoDetached(named) }) // want `given to b.On`
	b.On("sold", func() { func() { named() }() })      // want `given to b.On`
	b.On("sold", maker())                              // want `given to b.On`
}

func named() { _ = httpctx.GetOrFail() }

func maker() func() { return func() { named() } }

type listening struct{}

func (listening) named()        { _ = httpctx.GetOrFail() }
func (listening) Notify(string) { _, _ = httpctx.Get() }

type quiet struct{}

func (quiet) Notify(string) {}
func (quiet) Other(string)  { _, _ = httpctx.Get() }

// These are right.

func right(b *bus, e emitter) {
	id := httpctx.GetOrFail().ID()
	b.On("sold", func() { log.Print(id) }) // ok: read before
	c := httpctx.GetOrFail()
	b.On("sold", func() { log.Print(c.ID()) })               // ok: what is held stays readable
	b.On("sold", func() { _, _ = user.Get() })               // ok: a storage's value does not end with the request
	b.On("sold", func() { _ = gls.Context() })               // ok: no request
	b.On("sold", gls.Bind(func() { _ = user.GetOrFail() }))  // ok: the same, and bound
	b.On("sold", func() { httpctx.RunOutside(named) })       // ok: it says that there is none
	b.On("sold", func() { httpctx.Run(nil, nil, named) })    // ok: a request of its own
	b.On(other.ID(), func() {})                              // ok: read now
	b.On("sold", func() { _ = func() { named() } })          // ok: not run
	b.AddListener(quiet{})                                   // ok: the listener's method reads nothing
	b.Emit("sold", named)                                    // ok: no event API by its name
	b.OnEvent(named)                                         // ok: the same
	e.On("sold", nil)                                        // ok: nothing
	_ = b.Subscribe("sold", nil)                             // ok: nothing
	On("sold", named)                                        // ok: a function, which -events may name
	httpctx.GoDetached(func() { b.Emit("sold", func() {}) }) // ok: the emitting side
}

func On(string, func()) {}

// Routers call their callbacks during the request.

type router struct{}

func (*router) ServeHTTP(http.ResponseWriter, *http.Request) {}
func (*router) On(method string, f func())                   {}

type app struct{ router *http.ServeMux }

func (app) Handle(path string, f func() error) {}

type engine struct{}

// A ginContext has the request in a field, an echoContext in a method, a fiberCtx one of another server.
type ginContext struct {
	Request *http.Request
	Writer  http.ResponseWriter
}

type echoContext interface{ Request() *http.Request }

type Request struct{}

type fiberCtx struct{}

func (*fiberCtx) Request() *Request { return nil }

func (engine) Handle(path string, f ...func(*ginContext))  {}
func (engine) On(path string, f func(echoContext) error)   {}
func (engine) Listen(path string, f func(*fiberCtx) error) {}
func (engine) Subscribe(path string, f http.HandlerFunc)   {}

func routes(mux *http.ServeMux, r *router, e engine) {
	mux.Handle("/", http.HandlerFunc(func(http.ResponseWriter, *http.Request) { named() }))  // ok: of net/http
	http.Handle("/", http.HandlerFunc(func(http.ResponseWriter, *http.Request) { named() })) // ok: a function of net/http
	r.On("GET", func() { named() })                                                          // ok: r is a handler
	struct{ *router }{r}.On("GET", named)                                                    // ok: embeds one
	app{mux}.Handle("/", func() error { named(); return nil })                               // ok: has one
	e.Handle("/", func(*ginContext) {}, func(*ginContext) { named() })                       // ok: is handed the request
	e.On("/", func(echoContext) error { named(); return nil })                               // ok: the same
	e.Listen("/", func(*fiberCtx) error { named(); return nil })                             // ok: the same
	e.Subscribe("/", func(http.ResponseWriter, *http.Request) { named() })                   // ok: the same
}

func said(b *bus) {
	//ambient:detached the bus emits in httpctx.GoDetached
	b.On("x", func() { _ = httpctx.GetOrFail() }) // ok: its event is emitted in GoDetached
	b.On("x", named)                              //ambient:detached so is this one
	//ambient:detached
	b.On("x", func() { // want `the callback given to b.On reads the current request`
		_ = httpctx.GetOrFail()
	})
}
