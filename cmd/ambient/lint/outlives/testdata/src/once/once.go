// Package once keeps what the first request gives.
package once

import (
	"fmt"
	"net/http"
	"sync"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/httpctx"

	"github.com/ambient-go/ambient/cmd/ambient/lint/outlives/testdata/src/other"
)

var (
	tenant = gls.New[string]("tenant")
	key    = httpctx.NewKey[string]("key")

	once sync.Once
	name string
	last *httpctx.Context
)

var (
	address = sync.OnceValue(func() string { return httpctx.GetOrFail().Request().RemoteAddr }) // want `^sync.OnceValue keeps what the first request gave for all that follow; read it where it is needed$`
	whole   = sync.OnceValue(func() *httpctx.Context { return httpctx.GetOrFail() })            // want `sync.OnceValue keeps`
	both    = sync.OnceValues(func() (*httpctx.Context, error) {
		c, err := httpctx.Lookup()
		if err != nil {
			return nil, err // ok: no request
		}
		return c, nil // want `sync.OnceValues keeps`
	})
	header = sync.OnceValue(func() string {
		h := httpctx.GetOrFail().Request().Header.Get("X-Tenant")
		return "tenant " + h // want `sync.OnceValue keeps`
	})
	printed = sync.OnceValue(func() string { return fmt.Sprint(httpctx.GetOrFail().ID()) }) // want `sync.OnceValue keeps`
	tenants = sync.OnceValue(func() string { return tenant.GetOrFail() })                   // want `sync.OnceValue keeps`
	keyed   = sync.OnceValue(key.GetOrFail)                                                 // want `sync.OnceValue keeps`
	direct  = sync.OnceValue(httpctx.GetOrFail)                                             // want `sync.OnceValue keeps`
	pair    = sync.OnceValues(tenant.Get)                                                   // want `sync.OnceValues keeps`
	named   = sync.OnceValue(load)
	sets    = sync.OnceFunc(func() { name = tenant.GetOrFail() }) // want `sync.OnceFunc keeps`
)

// What another package reads is reported here.
var (
	across   = sync.OnceValue(other.User)                                               // want `^sync.OnceValue keeps what the first request gave for all that follow; read it where it is needed$`
	request  = sync.OnceValue(other.Request)                                            // want `sync.OnceValue keeps`
	context  = sync.OnceValue(func() *httpctx.Context { return other.Current() })       // want `sync.OnceValue keeps`
	greeting = sync.OnceValue(func() string { return "hello, " + other.User() })        // want `sync.OnceValue keeps`
	errored  = sync.OnceValues(other.Greeting)                                          // want `sync.OnceValues keeps`
	second   = sync.OnceValues(other.Both)                                              // want `sync.OnceValues keeps`
	admin    = sync.OnceValue(other.Admin)                                              // want `sync.OnceValue keeps`
	isNamed  = sync.OnceValue(other.Named)                                              // ok: no value of the request
	set      = sync.OnceFunc(other.Setup)                                               // want `sync.OnceFunc keeps`
	loaded   = sync.OnceFunc(other.Load)                                                // ok: sets nothing of a request
	loggedIn = sync.OnceValue(other.LoggedIn)                                           // ok: no value of the request
	version  = sync.OnceValue(other.Version)                                            // ok: the context is given for its deadline
	current  = sync.OnceValue(func() string { u, _ := other.Greeting(); return u[:5] }) // want `sync.OnceValue keeps`
)

func doAcross() {
	once.Do(func() { name = other.User() }) // want `^sync.Once keeps what the first request gave`
	once.Do(other.Init)                     // want `sync.Once keeps`
	once.Do(func() { other.Setup() })       // want `sync.Once keeps`
	once.Do(other.Load)                     // ok: sets nothing of a request
	once.Do(func() {
		other.Load() // ok: the same
		assign()     // want `sync.Once keeps`
	})
	var mine sync.Once
	mine.Do(other.Load) // ok: the same
}

func load() string { // want load:`gives\[\] copies\[0\]`
	return httpctx.GetOrFail().ID() // want `sync.OnceValue keeps`
}

func do() string {
	once.Do(func() {
		last = httpctx.GetOrFail() // want `keeps what the first request gave`
		name = last.ID()
	})
	once.Do(func() {
		c, _ := httpctx.Get()
		name = c.ID() // want `^sync.Once keeps what the first request gave`
	})
	once.Do(assign)
	return name
}

func assign() { name, _ = tenant.Get() } // want `sync.Once keeps` assign:`gives\[\] sets`

func returned() func() string {
	return sync.OnceValue(func() string { return tenant.GetOrFail() }) // want `sync.OnceValue keeps`
}

type server struct {
	once sync.Once
	c    *httpctx.Context
	id   string
}

func (s *server) do() {
	s.once.Do(func() {
		s.c = httpctx.GetOrFail()       // want `sync.Once keeps`
		s.id = httpctx.GetOrFail().ID() // ok: s may be a struct of this request
	})
}

type process struct {
	once sync.Once
	id   string
}

func (p *process) do() {
	p.once.Do(func() { p.id = httpctx.GetOrFail().ID() }) // want `sync.Once keeps`
}

var shared process

var (
	config = sync.OnceValue(func() string { return "the same for all" })                 // ok: reads nothing
	logged = sync.OnceFunc(func() { httpctx.GetOrFail().Logger().Info("first") })        // ok: keeps nothing
	isSet  = sync.OnceValue(func() bool { _, ok := httpctx.Get(); return ok })           // ok: no value of the request
	client = sync.OnceValue(func() *http.Client { return newClient(httpctx.Enabled()) }) // ok: the same for all
	lazy   = sync.OnceValue(func() func() string {
		return func() string { return tenant.GetOrFail() } // ok: reads at each call
	})
)

func newClient(bool) *http.Client { return nil }

func local(w http.ResponseWriter) {
	id := ""
	var once sync.Once
	once.Do(func() { id = httpctx.GetOrFail().ID() })                   // ok: a Once of this request
	user := sync.OnceValue(func() string { return tenant.GetOrFail() }) // ok: the same
	fmt.Fprint(w, id, user())
	once.Do(func() {
		c := httpctx.GetOrFail() // ok: its own variable
		_ = c
	})
}

var _ = []any{&shared, last, name, config, logged, isSet, client, lazy, address, whole, both, header, printed, tenants, keyed, direct, pair, named, sets, across, request, context, greeting, errored, second, set, loaded, loggedIn, version, current, admin, isNamed}

var (
	lazyName  string
	lazyPath  string
	lazyNames []string
	lazyOwn   string
	lazyReady bool
)

func lazily() string { // want lazily:`gives\[\] copies\[0\] sets`
	if lazyName == "" {
		lazyName = httpctx.GetOrFail().ID() // want `^lazyName, filled when it is empty, keeps what the first request gave for all that follow; read it where it is needed$`
	}
	if lazyOwn == "" {
		lazyOwn = "the same for all" // ok
	}
	if lazyNames == nil {
		lazyNames = []string{httpctx.GetOrFail().ID()} // want `lazyNames, filled when it is empty, keeps`
	}
	local := ""
	if local == "" {
		local = httpctx.GetOrFail().ID() // ok: the function's own
	}
	if lazyName == "x" {
		lazyName = httpctx.GetOrFail().ID() // ok: not to fill it
	}
	if !lazyReady {
		lazyReady = httpctx.GetOrFail().ID() != "" // ok: a condition
	}
	return lazyName + local
}

func lazilyReturned() string { // want lazilyReturned:`gives\[\] sets`
	if lazyPath != "" {
		return lazyPath
	}
	id := httpctx.GetOrFail().ID()
	lazyPath = id // want `lazyPath, filled when it is empty, keeps`
	return lazyPath
}

func notLazy() { // want notLazy:`gives\[\] sets`
	if lazyOwn != "" {
		println(lazyOwn)
	}
	lazyOwn = httpctx.GetOrFail().ID() // ok: each time
}
