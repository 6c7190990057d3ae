// Package a is initialised in every way.
package a

import (
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/ambient-go/ambient/cmd/ambient/lint/toplevel/testdata/src/other"
	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/httpctx"
)

var (
	user = gls.New[string]("user") // ok: makes a storage
	key  = httpctx.NewKey[int]("key")
)

// Variables.

var direct = httpctx.GetOrFail() // want `^httpctx.GetOrFail in the initialiser of package-level variable direct: it runs once, when the package is imported, and keeps what the first importer has set, if anything; read it where it is needed$`

var name, ok = user.Get() // want `^user.Get in the initialiser of package-level variable name: `

var (
	looked, _ = httpctx.Lookup()    // want `httpctx.Lookup in the initialiser`
	_         = gls.Context()       // want `gls.Context in the initialiser of package-level variable _`
	a, b      = 1, user.GetOrFail() // want `user.GetOrFail in the initialiser of package-level variable b`
	keyed, _  = key.Get()           // want `key.Get in the initialiser`
	frame     = gls.Capture()       // want `gls.Capture in the initialiser`
)

var (
	through  = other.User()                                                        // want `^user.Get through other.User in the initialiser of package-level variable through`
	deep     = other.RequestID()                                                   // want `^httpctx.GetOrFail through other.RequestID, other.request in the initialiser`
	argument = fmt.Sprint("user ", other.User())                                   // want `user.Get through other.User`
	method   = other.T[int]{}.User()                                               // want `user.Get through other.T.User`
	express  = (*gls.Storage[string]).GetOrFail(user)                              // want `GetOrFail in the initialiser`
	chained  = httpctx.GetOrFail().Logger()                                        // want `httpctx.GetOrFail in the initialiser`
	fields   = struct{ id string }{other.RequestID()}                              // want `httpctx.GetOrFail through other.RequestID`
	local    = helper()                                                            // want `user.Get through a.helper`
	called   = func() string { return other.User() }()                             // want `user.Get through other.User`
	run      = func() int { other.Each(func() { _, _ = user.Get() }); return 1 }() // want `user.Get in the initialiser of package-level variable run`
	bound    = gls.Bind(func() { _, _ = user.Get() })                              // want `user.Get in the initialiser of package-level variable bound`
)

func helper() string {
	name, _ := user.Get()
	return name
}

// init functions.

func init() {
	fmt.Println(other.User())       // want `^user.Get through other.User in init: it runs once`
	if c, ok := httpctx.Get(); ok { // want `^httpctx.Get in init`
		_ = c
	}
	func() {
		_ = helper() // want `user.Get through a.helper in init`
	}()
	defer func() {
		_, _ = user.Get() // want `user.Get in init`
	}()
	f := func() { _, _ = user.Get() }
	f()                          // want `user.Get in init`
	go fmt.Println(other.User()) // want `user.Get through other.User in init`
}

// Not while the package is initialised.

var (
	stored   = func() string { return other.User() }                                                          // ok: only stored
	function = other.User                                                                                     // ok: not called
	value    = user.Get                                                                                       // ok: not called
	once     = sync.OnceValue(func() string { return other.User() })                                          // ok: runs at its first call
	handler  = http.HandlerFunc(func(http.ResponseWriter, *http.Request) { _ = other.User() })                // ok: runs for a request
	wrapped  = httpctx.Middleware(handler)                                                                    // ok: reads when it serves
	logger   = slog.New(httpctx.LogHandler(slog.Default().Handler()))                                         // ok: reads when it logs
	table    = map[string]func() string{"user": other.User, "id": func() string { return other.RequestID() }} // ok: only stored
	enabled  = httpctx.Enabled()                                                                              // ok: the same for all
	set      = gls.Call(user, "Ada", helper)                                                                  // ok: set here
	setThere = other.As("Ada", other.User)                                                                    // ok: set there
	empty    gls.Snapshot                                                                                     // ok: no initialiser
)

func init() {
	user.Run("Ada", func() { _ = helper() })                                            // ok: set around it
	http.HandleFunc("/", func(http.ResponseWriter, *http.Request) { _ = other.User() }) // ok: runs for a request
	time.AfterFunc(time.Hour, func() { _, _ = user.Get() })                             // ok: not here; unbound's subject
	go func() { _, _ = user.Get() }()                                                   // ok: not here; barego's subject
	go helper()                                                                         // ok: the same
	_ = func() string { return helper() }                                               // ok: not called
	user.Exit(func() {})                                                                // ok: reads nothing
}

func init() {
	defer user.Enter("Ada").Leave()
	_ = helper()         // ok: set for the rest of this init
	_, _ = httpctx.Get() // want `httpctx.Get in init`
}

type service struct{}

func (service) init() string { return other.User() } // ok: a method, which nobody calls at start

func run2() string { // ok: no init
	name := other.User()
	return name
}

var _ = []any{direct, name, ok, looked, a, b, keyed, frame, through, deep, argument, method, express, chained, fields,
	local, called, run, bound, stored, function, value, once, wrapped, logger, table, enabled, set, setThere, &empty}
