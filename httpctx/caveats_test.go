package httpctx_test

// What goes wrong, and how it is right. In each pair the WRONG half runs, too, and shows what it gives.

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/httpctx"
)

// visit runs fn as the handler of a request with an id.
func visit(id string, fn func()) {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("X-Request-ID", id)
	httpctx.Run(httptest.NewRecorder(), r, fn)
}

// requestID is the id of the current request, or a word for its absence.
func requestID() string {
	c, err := httpctx.Lookup()
	switch {
	case err == nil:
		return c.ID()
	case errors.Is(err, httpctx.ErrFinished):
		return "(finished)"
	}
	return "(none)"
}

var (
	// WRONG: evaluated once, when the program starts. There is no request then.
	idOfTheProgram = requestID()

	// RIGHT: a function, evaluated where it is called.
	idOfTheRequest = requestID
)

func Example_packageLevel() {
	visit("one", func() {
		fmt.Println("WRONG:", idOfTheProgram)
		fmt.Println("RIGHT:", idOfTheRequest())
	})
	// Output:
	// WRONG: (none)
	// RIGHT: one
}

var (
	errOfInit  error
	currentID  string
	newMessage func() string
)

func init() {
	// WRONG: there is no request, and no Middleware yet.
	_, errOfInit = httpctx.Lookup()
	currentID = requestID()

	// RIGHT: init stores what will ask.
	newMessage = func() string { return "hello from " + requestID() }
}

func Example_init() {
	visit("one", func() {
		fmt.Println("WRONG:", currentID, errors.Is(errOfInit, httpctx.ErrNotEnabled))
		fmt.Println("RIGHT:", newMessage())
	})
	// Output:
	// WRONG: (none) true
	// RIGHT: hello from one
}

// A repository is a value at package level that all requests use.
type repository struct {
	id  string        // WRONG: of whoever made the value
	ask func() string // RIGHT
}

var orders = repository{id: requestID(), ask: requestID}

func Example_packageLevelValue() {
	for _, id := range []string{"one", "two"} {
		visit(id, func() { fmt.Println("WRONG:", orders.id, "RIGHT:", orders.ask()) })
	}
	// Output:
	// WRONG: (none) RIGHT: one
	// WRONG: (none) RIGHT: two
}

// A logger that is made once keeps the attributes that it was made with.
func Example_logger() {
	var out strings.Builder
	handler := slog.NewTextHandler(&out, &slog.HandlerOptions{ReplaceAttr: noTime})
	var once sync.Once
	var kept *slog.Logger
	asking := slog.New(httpctx.LogHandler(handler))
	for _, id := range []string{"one", "two"} {
		visit(id, func() {
			once.Do(func() { kept = slog.New(handler).With("request_id", requestID()) })
			kept.Info("WRONG")
			asking.Info("RIGHT")
		})
	}
	fmt.Print(out.String())
	// Output:
	// level=INFO msg=WRONG request_id=one
	// level=INFO msg=RIGHT request_id=one method=GET path=/
	// level=INFO msg=WRONG request_id=one
	// level=INFO msg=RIGHT request_id=two method=GET path=/
}

// The function of a sync.Once runs in the request that comes first, and what it keeps is that request's.
func Example_once() {
	wrong := sync.OnceValue(func() string { return "client for " + requestID() })
	client := sync.OnceValue(func() string { return "client" })
	right := func() string { return client() + " for " + requestID() }
	for _, id := range []string{"one", "two"} {
		visit(id, func() {
			fmt.Println("WRONG:", wrong())
			fmt.Println("RIGHT:", right())
		})
	}
	// Output:
	// WRONG: client for one
	// RIGHT: client for one
	// WRONG: client for one
	// RIGHT: client for two
}

// A bus calls its listeners when it comes to it, which may be after the request.
type bus struct{ events []func() }

func (b *bus) emit(listener func()) { b.events = append(b.events, listener) }

func (b *bus) deliver() {
	for _, listener := range b.events {
		listener()
	}
}

func Example_eventAfterTheRequest() {
	var b bus
	detached := make(chan func())
	visit("one", func() {
		b.emit(func() { fmt.Println("WRONG:", requestID()) })
		b.emit(gls.Bind(func() { fmt.Println("WRONG:", requestID()) }))
		// RIGHT: what the listener needs is taken while there is a request, or the work is detached.
		id := requestID()
		b.emit(func() { fmt.Println("RIGHT:", id) })
		httpctx.GoDetached(func() {
			detached <- gls.Bind(func() { fmt.Println("RIGHT:", requestID()) })
		})
		b.emit(<-detached)
	})
	b.deliver()
	// Output:
	// WRONG: (none)
	// WRONG: (finished)
	// RIGHT: one
	// RIGHT: one
}

// A worker belongs to the request that happened to start it; a task belongs to the one that hands it in.
func Example_pool() {
	tasks := make(chan func())
	var start sync.Once
	submit := func(task func()) {
		start.Do(func() {
			// It is a matter of tidiness to start the worker outside: it would hold the first request in memory.
			httpctx.RunOutside(func() {
				gls.Go(func() {
					for task := range tasks {
						task()
					}
				})
			})
		})
		done := make(chan bool)
		tasks <- func() {
			defer close(done)
			task()
		}
		<-done
	}
	for _, id := range []string{"one", "two"} {
		visit(id, func() {
			submit(func() { fmt.Println("WRONG:", requestID()) })
			submit(gls.Bind(func() { fmt.Println("RIGHT:", requestID()) }))
		})
	}
	close(tasks)
	// Output:
	// WRONG: (none)
	// RIGHT: one
	// WRONG: (none)
	// RIGHT: two
}

// Some frameworks use the contexts of requests that are over for later ones.
type frameworkContext struct{ user string }

type framework struct{ pool []*frameworkContext }

func (f *framework) handle(user string, fn func(c *frameworkContext)) {
	c := new(frameworkContext)
	if n := len(f.pool); n > 0 {
		c, f.pool = f.pool[n-1], f.pool[:n-1]
	}
	c.user = user
	fn(c)
	f.pool = append(f.pool, c)
}

var (
	wrongKey = httpctx.NewKey[*frameworkContext]("framework") // WRONG: it will be another request's
	rightKey = httpctx.NewKey[string]("framework's user")     // RIGHT: what is needed is copied
)

func Example_recycledContext() {
	var f framework
	var held *httpctx.Context
	f.handle("Ada", func(fc *frameworkContext) {
		visit("one", func() {
			held = httpctx.GetOrFail()
			wrongKey.Set(held, fc)
			rightKey.Set(held, fc.user)
		})
	})
	f.handle("Eve", func(*frameworkContext) {
		wrong, _ := wrongKey.Of(held)
		right, _ := rightKey.Of(held)
		fmt.Println("WRONG:", wrong.user)
		fmt.Println("RIGHT:", right)
	})
	// Output:
	// WRONG: Eve
	// RIGHT: Ada
}

// http.TimeoutHandler runs its handler on another goroutine, which it starts by a plain go statement.
func TestCaveatTimeoutHandler(t *testing.T) {
	explicit(t)
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, err := httpctx.Lookup()
		fmt.Fprint(w, errors.Is(err, httpctx.ErrLost))
	})
	// WRONG:
	assert.Equal(t, "true", call(httpctx.Middleware(http.TimeoutHandler(handler, time.Minute, "")), "GET", "/"))
	// RIGHT:
	assert.Equal(t, "false", call(http.TimeoutHandler(httpctx.Middleware(handler), time.Minute, ""), "GET", "/"))
}

// A plain go statement carries nothing.
func TestCaveatGoStatement(t *testing.T) {
	explicit(t)
	ids := make(chan string, 1)
	visit("one", func() {
		// WRONG:
		join(func(fn func()) { go fn() }, func() { ids <- requestID() })
		assert.Equal(t, "(none)", <-ids)
		// RIGHT:
		join(gls.Go, func() { ids <- requestID() })
		assert.Equal(t, "one", <-ids)
	})
}

// A Context is not what a key's value or a struct should keep: who has it can read a request that is over.
func TestCaveatHeldContext(t *testing.T) {
	var held *httpctx.Context
	visit("one", func() { held = httpctx.GetOrFail() })
	visit("two", func() {
		// WRONG:
		assert.Equal(t, "one", held.ID())
		assert.True(t, held.Finished())
		// RIGHT:
		assert.Equal(t, "two", httpctx.GetOrFail().ID())
	})
}
