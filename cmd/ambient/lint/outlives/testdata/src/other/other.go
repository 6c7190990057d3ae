// Package other gives and keeps requests for other packages.
package other

import (
	"context"
	"net/http"
	"sync"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/httpctx"
)

// Current says by its type where it is from.
func Current() *httpctx.Context { return httpctx.GetOrFail() }

// Request does not.
func Request() *http.Request { return httpctx.GetOrFail().Request() } // want Request:`gives\[0\]`

// Context is two calls away.
func Context() (ctx context.Context, err error) { // want Context:`gives\[0\]`
	ctx = ambient()
	return
}

func ambient() context.Context { return gls.Context() } // want ambient:`gives\[0\]`

var user = httpctx.NewKey[string]("user")

// User is a copy.
func User() string { return user.GetOrFail() } // want User:`gives\[\] copies\[0\]`

// Both are one, after an error.
func Both() (err error, name string) { // want Both:`gives\[\] copies\[1\]`
	name = User()
	return
}

// Again is what Both returns.
func Again() (error, string) { return Both() } // want Again:`gives\[\] copies\[1\]`

var admin = httpctx.NewKey[bool]("admin")

// Admin is a value of the request, short as it is.
func Admin() bool { return admin.GetOrFail() } // want Admin:`gives\[\] copies\[0\]`

// Named says less than the name.
func Named() bool { return User() != "" } // ok: no value of the request

// Greeting has one in it.
func Greeting() (string, error) { return "hello, " + User(), nil } // want Greeting:`gives\[\] copies\[0\]`

// LoggedIn says less than who.
func LoggedIn() bool { _, ok := user.Get(); return ok } // ok: no value of the request

// Version is asked for within the request's time.
func Version() string { return get(gls.Context(), "/version") } // ok: the context is given for its deadline

func get(ctx context.Context, url string) string { return url }

// Name is set by Init.
var Name string

// Init sets.
func Init() { Name = User() } // want Init:`gives\[\] sets`

// Setup does so two calls away.
func Setup() { Init() } // want Setup:`gives\[\] sets`

// Load sets what is the same for all.
func Load() { Name = "all" } // ok: not of a request

// New makes a context of its own.
func New() context.Context { return context.Background() } // ok: not of a request

// A Cache stores what it is given.
type Cache struct {
	mu      sync.Mutex
	entries map[string]any
}

// Set stores.
func (c *Cache) Set(name string, value any) { c.set(name, value) } // want Set:`keeps{Global:\[\] Receiver:\[1\]}`

func (c *Cache) set(name string, value any) { // want set:`keeps{Global:\[\] Receiver:\[1\]}`
	c.mu.Lock()
	defer c.mu.Unlock()
	c.entries[name] = value
}

// Has does not store.
func (c *Cache) Has(value any) bool { return c.entries["x"] == value } // ok: compared

var cache Cache

// Keep stores in a package-level variable.
func Keep(value any) { cache.Set("x", value) } // want Keep:`keeps{Global:\[0\] Receiver:\[\]}`
