package httpctx_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"os"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/httpctx"
	"github.com/ambient-go/ambient/internal/api"
)

// The four reasons, each with its remedy.
func TestErrorTexts(t *testing.T) {
	assert.EqualError(t, httpctx.ErrNotEnabled, "httpctx: not enabled: wrap the server's handler, "+
		"as in http.ListenAndServe(addr, httpctx.Middleware(mux))")
	assert.EqualError(t, httpctx.ErrNoRequest, "httpctx: not available outside of an HTTP request")
	assert.EqualError(t, httpctx.ErrLost, "httpctx: the request was lost at a plain go statement; "+
		"gls.Go carries it, and with timeout handling Middleware belongs inside http.TimeoutHandler")
	assert.EqualError(t, httpctx.ErrFinished, "httpctx: the request is over; "+
		"start work that outlives its request with httpctx.GoDetached")
}

// reasons are all of them.
var reasons = []error{httpctx.ErrNotEnabled, httpctx.ErrNoRequest, httpctx.ErrLost, httpctx.ErrFinished}

// isOnly checks that an error of Lookup is one of the four and not the others, and that all its parts agree.
func isOnly(t *testing.T, err, reason error, detail string) *httpctx.Error {
	t.Helper()
	e := asError(t, err)
	for _, r := range reasons {
		assert.Equal(t, r == reason, errors.Is(err, r), "%v is %v", err, r)
	}
	assert.True(t, e.Err == reason)
	assert.Regexp(t, detail, e.Detail)
	switch {
	case e.Detail == "":
		assert.EqualError(t, err, reason.Error())
	case reason == httpctx.ErrNotEnabled && strings.Contains(e.Detail, "httpctx.Run"): // before the first request
		assert.EqualError(t, err, "httpctx: no request is being served yet: "+e.Detail)
	default:
		assert.EqualError(t, err, reason.Error()+": "+e.Detail)
	}
	assert.NotContains(t, err.Error(), "\n")
	var wrapped *httpctx.Error
	assert.True(t, errors.As(fmt.Errorf("loading: %w", err), &wrapped))
	assert.Same(t, e, wrapped)
	var cause *gls.NotSetError
	if errors.As(err, &cause) {
		assert.Same(t, e.Cause, cause)
		assert.NotNil(t, cause)
		assert.ErrorIs(t, err, gls.ErrNotSet)
		assert.Equal(t, []error{reason, e.Cause}, e.Unwrap())
		assert.Equal(t, "httpctx", cause.Storage)
	} else {
		assert.Nil(t, e.Cause)
		assert.NotErrorIs(t, err, gls.ErrNotSet)
		assert.Equal(t, []error{reason}, e.Unwrap())
	}
	return e
}

// A process in which nothing of the library was used.
func TestNotEnabled(t *testing.T) {
	if !again(t) {
		return
	}
	check := func(detail string) {
		assert.False(t, httpctx.Enabled())
		e := isOnly(t, why(), httpctx.ErrNotEnabled, "^"+detail+"$")
		assert.Nil(t, e.Cause)
		assert.Equal(t, e, panicOf(func() { httpctx.GetOrFail() }))
		assert.Nil(t, current())
	}
	const none = `no Middleware was made in this process: in a test, httpctx\.Run\(httptest\.NewRecorder\(\), r, fn\) ` +
		`serves a request`
	const off = `httpctx\.SetEnabled\(false\) was called`
	check(none)
	httpctx.SetEnabled(true)
	check(none)
	httpctx.SetEnabled(false)
	check(off)
	httpctx.SetEnabled(true)
	wrap := httpctx.New()
	check(none) // no Middleware exists yet
	httpctx.RunOutside(func() { check(none) })
	join(httpctx.GoDetached, func() { check("no Middleware was made in this process") })
	httpctx.Transport(nil)
	httpctx.LogHandler(nopHandler{})
	httpctx.NewKey[int]("k").Get()
	assert.Panics(t, func() { httpctx.Run(nil, nil, nil) })
	check(none)

	wrap(http.NotFoundHandler())
	assert.True(t, httpctx.Enabled())
	assert.ErrorIs(t, why(), httpctx.ErrNoRequest)
	httpctx.SetEnabled(false)
	check(off)
	join(plain, func() { check(off) })
	httpctx.SetEnabled(true)
	assert.True(t, httpctx.Enabled())
}

// Run enables as well.
func TestRunEnables(t *testing.T) {
	if !again(t) {
		return
	}
	assert.False(t, httpctx.Enabled())
	httpctx.SetEnabled(false)
	httpctx.Run(httptest.NewRecorder(), newRequest("/"), func() {
		assert.False(t, httpctx.Enabled())
		assert.Nil(t, current())
	})
	httpctx.SetEnabled(true)
	assert.True(t, httpctx.Enabled(), "it was used")
	inRequest(func(*httpctx.Context) { assert.True(t, httpctx.Enabled()) })
	assert.True(t, httpctx.Enabled())
}

func TestErrNoRequest(t *testing.T) {
	inRequest(func(*httpctx.Context) {})
	t.Run("on a goroutine that something started", func(t *testing.T) {
		const detail = `^on a goroutine started in testing\.\(\*T\)\.Run \(.*testing\.go:\d+\): ` +
			`in a test, httpctx\.Run\(httptest\.NewRecorder\(\), r, fn\) serves a request$`
		e := isOnly(t, why(), httpctx.ErrNoRequest, detail)
		require.NotNil(t, e.Cause)
		assert.False(t, e.Cause.Lost)
		assert.NotZero(t, e.Cause.Goroutine)
	})
	t.Run("inside RunOutside", func(t *testing.T) {
		inRequest(func(*httpctx.Context) {
			httpctx.RunOutside(func() {
				const detail = "^inside httpctx.RunOutside, or started there$"
				e := isOnly(t, why(), httpctx.ErrNoRequest, detail)
				assert.Nil(t, e.Cause)
				join(gls.Go, func() {
					isOnly(t, why(), httpctx.ErrNoRequest, detail)
					join(gls.Go, func() { isOnly(t, why(), httpctx.ErrNoRequest, detail) })
				})
			})
		})
	})
	t.Run("isolated", func(t *testing.T) {
		inRequest(func(*httpctx.Context) {
			gls.Isolate(func() { isOnly(t, why(), httpctx.ErrNoRequest, "^on a goroutine started in ") })
			join(gls.Go, func() {
				gls.Isolate(func() { isOnly(t, why(), httpctx.ErrNoRequest, `gls\.Go`) })
			})
		})
	})
	t.Run("of a library's goroutine", func(t *testing.T) { // no request is known to be lost there, with inheritance neither
		s := serve(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		asked := make(chan error, 1)
		trace := &httptrace.ClientTrace{WroteHeaders: func() { asked <- why() }}
		r, err := http.NewRequestWithContext(httptrace.WithClientTrace(t.Context(), trace), http.MethodGet, s.URL, http.NoBody)
		require.NoError(t, err)
		response, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(r)
		require.NoError(t, err)
		response.Body.Close()
		isOnly(t, <-asked, httpctx.ErrNoRequest, `outside of a request, or lost here: bind the functions of the httptrace\.ClientTrace`)
	})
	t.Run("started before the request", func(t *testing.T) {
		ask, answer := make(chan bool), make(chan error)
		gls.Go(func() {
			<-ask
			answer <- why()
		})
		inRequest(func(*httpctx.Context) {
			close(ask)
			isOnly(t, <-answer, httpctx.ErrNoRequest, `^on a goroutine started in .*gls\.Go `)
		})
	})
}

// line returns the line that calls it.
func line() int {
	_, _, n, _ := runtime.Caller(1)
	return n
}

func TestErrLost(t *testing.T) {
	explicit(t)
	lost := func(t *testing.T, start func(fn func()), detail string) *httpctx.Error {
		t.Helper()
		var err error
		join(start, func() { err = why() })
		e := isOnly(t, err, httpctx.ErrLost, detail)
		require.NotNil(t, e.Cause)
		assert.True(t, e.Cause.Lost)
		assert.NotZero(t, e.Cause.Creator)
		assert.Contains(t, err.Error(), "gls.Go")
		return e
	}
	const here = `httpctx_test\.TestErrLost\.func\d+(\.\d+)* \(.*httpctx/errors_test\.go:%d\): start it with gls\.Go if it works for that flow alone; ` +
		`if it is a worker that serves many, give it each task in gls\.Bind`
	inRequest(func(c *httpctx.Context) {
		at := line() + 1
		start := func(fn func()) { go fn() }
		lost(t, start, fmt.Sprintf("^started by the go statement in .*"+here, at))
		lost(t, new(sync.WaitGroup).Go, `^by sync\.WaitGroup\.Go, .*: make it a gls\.WaitGroup$`)
		lost(t, new(sync.WaitGroup).Go, `sync\.\(\*WaitGroup\)\.Go \(.*waitgroup\.go:\d+\)`)
		join(gls.Go, func() { lost(t, start, fmt.Sprintf(here, at)) })
		httpctx.RunOutside(func() {
			var err error
			join(start, func() { err = why() })
			isOnly(t, err, httpctx.ErrNoRequest, "^on a goroutine started in ")
		})
		join(start, func() {
			var err error
			join(start, func() { err = why() })
			// Its creator is lost itself.
			isOnly(t, err, httpctx.ErrNoRequest, "^on a goroutine started in .*: outside of a request, or lost on the way here, ")
			// A goroutine that is lost can be given the request again.
			httpctx.Run(httptest.NewRecorder(), newRequest("/"), func() { assert.NotNil(t, current()) })
		})
		join(start, func() {
			var mine *httpctx.Error
			assert.ErrorAs(t, panicOf(func() { httpctx.GetOrFail() }).(error), &mine)
			assert.ErrorIs(t, mine, httpctx.ErrLost)
		})
		assert.Same(t, c, current())
	})
	t.Run("time.AfterFunc", func(t *testing.T) {
		inRequest(func(*httpctx.Context) {
			fired := make(chan error)
			time.AfterFunc(0, func() { fired <- why() })
			isOnly(t, <-fired, httpctx.ErrNoRequest, // nobody started it
				`^on a goroutine started in time\.goFunc .*: outside of a request, or lost here: use gls\.AfterFunc$`)
		})
	})
}

// What is known of a plain goroutine's loss depends on where the goroutine that started it is when it asks.
func TestErrLostLater(t *testing.T) {
	explicit(t)
	ask, answers := make(chan bool), make(chan error)
	start := func() {
		go func() {
			for range ask {
				answers <- why()
			}
		}()
	}
	answer := func() error {
		ask <- true
		return <-answers
	}
	inRequest(func(*httpctx.Context) {
		start()
		assert.ErrorIs(t, answer(), httpctx.ErrLost)
		httpctx.RunOutside(func() { assert.ErrorIs(t, answer(), httpctx.ErrNoRequest) })
		assert.ErrorIs(t, answer(), httpctx.ErrLost)
	})
	assert.ErrorIs(t, answer(), httpctx.ErrNoRequest, "the request is over")
	close(ask)

	ask = make(chan bool)
	inRequest(func(*httpctx.Context) {
		httpctx.RunOutside(func() {
			start()
			assert.ErrorIs(t, answer(), httpctx.ErrNoRequest)
		})
		assert.ErrorIs(t, answer(), httpctx.ErrLost, "taken for lost: it left no trace of RunOutside")
	})
	close(ask)
}

func TestErrFinished(t *testing.T) {
	var err error
	over := make(chan struct{})
	done := make(chan struct{})
	r := httptest.NewRequest(http.MethodPost, "/orders?q=secret", nil)
	r.Header.Set("X-Request-ID", "id-7")
	httpctx.Run(httptest.NewRecorder(), r, func() {
		gls.Go(func() {
			defer close(done)
			<-over
			err = why()
			assert.Equal(t, err, panicOf(func() { httpctx.GetOrFail() }))
		})
	})
	close(over)
	<-done
	e := isOnly(t, err, httpctx.ErrFinished, "^POST /orders, request id id-7$")
	assert.Nil(t, e.Cause)
	assert.NotContains(t, err.Error(), "secret", "no query")
	assert.Contains(t, err.Error(), "GoDetached")
}

// A client chooses the path. It must not write lines into a log through the text of an error.
func TestErrFinishedIsOneLine(t *testing.T) {
	var over gls.Snapshot
	r := newRequest("/a%0A2026-01-01%20ERROR%20forged")
	httpctx.Run(httptest.NewRecorder(), r, func() { over = gls.Capture() })
	over.Run(func() {
		err := why()
		assert.ErrorIs(t, err, httpctx.ErrFinished)
		assert.False(t, strings.ContainsAny(err.Error(), "\n\r\x1b"), "%q", err.Error())
	})
}

// Lookup's nil error is a nil interface, and errors.As never finds a nil cause.
func TestErrorIsNeverATypedNil(t *testing.T) {
	inRequest(func(c *httpctx.Context) {
		got, err := httpctx.Lookup()
		assert.Same(t, c, got)
		assert.True(t, err == nil, "%T", err)
	})
	e := &httpctx.Error{Err: httpctx.ErrFinished}
	cause := &gls.NotSetError{Storage: "untouched"}
	assert.False(t, errors.As(e, &cause))
	assert.Equal(t, "untouched", cause.Storage)
	assert.NotErrorIs(t, e, gls.ErrNotSet)
	assert.EqualError(t, e, httpctx.ErrFinished.Error())
	e = &httpctx.Error{Err: httpctx.ErrLost, Detail: "why", Cause: &gls.NotSetError{Storage: "s"}}
	assert.True(t, errors.As(e, &cause))
	assert.Equal(t, "s", cause.Storage)
	assert.ErrorIs(t, e, gls.ErrNotSet)
	assert.ErrorIs(t, e, httpctx.ErrLost)
	assert.EqualError(t, e, httpctx.ErrLost.Error()+": why")
}

// Texts of panics, and that nothing has changed after them.
func TestPanics(t *testing.T) {
	w, r := httptest.NewRecorder(), newRequest("/")
	key, noKey := httpctx.NewKey[int]("k"), (*httpctx.Key[int])(nil)
	inRequest(func(c *httpctx.Context) {
		misuses := map[string]func(){
			"httpctx.AfterFuncDetached: nil function": func() { httpctx.AfterFuncDetached(0, nil) },
			"httpctx.Middleware: nil handler":         func() { httpctx.Middleware(nil) },
			"httpctx.WithRequestID: nil function":     func() { httpctx.WithRequestID(nil) },
			"httpctx.Run: nil function":               func() { httpctx.Run(w, r, nil) },
			"httpctx.Run: nil ResponseWriter":         func() { httpctx.Run(nil, r, func() {}) },
			"httpctx.Run: nil Request":                func() { httpctx.Run(w, nil, func() {}) },
			"httpctx.RunOutside: nil function":        func() { httpctx.RunOutside(nil) },
			"httpctx.GoDetached: nil function":        func() { httpctx.GoDetached(nil) },
			"httpctx.LogHandler: nil handler":         func() { httpctx.LogHandler(nil) },
			"httpctx.New: nil option":                 func() { httpctx.New(nil) },
			"httpctx.Key.Set: called on a nil *Key":   func() { noKey.Set(c, 1) },
			"httpctx.Key.Of: called on a nil *Key":    func() { noKey.Of(c) },
			"httpctx.Key.Set: nil *Context":           func() { key.Set(nil, 1) },
			"httpctx.Key.Of: nil *Context":            func() { key.Of(nil) },
		}
		for _, name := range api.Names(func(name string, f api.Function) bool {
			return strings.HasPrefix(name, "httpctx.") && f.Way != api.Never
		}) {
			assert.Contains(t, misuses, name+": nil function")
		}
		for want, fn := range misuses {
			before := gls.Capture()
			assert.Equal(t, want, panicOf(fn))
			assert.True(t, before == gls.Capture(), want)
			assert.Same(t, c, current(), want)
		}
		assert.Equal(t, "httpctx.Middleware: nil handler", panicOf(func() { httpctx.New()(nil) }))
	})
	// Outside of a request, switched off and on a goroutine with nothing set as well.
	for _, where := range []func(fn func()){gls.Isolate, switchedOff} {
		where(func() {
			assert.Equal(t, "httpctx.Run: nil function", panicOf(func() { httpctx.Run(w, r, nil) }))
			assert.Equal(t, "httpctx.RunOutside: nil function", panicOf(func() { httpctx.RunOutside(nil) }))
			assert.Equal(t, "httpctx.GoDetached: nil function", panicOf(func() { httpctx.GoDetached(nil) }))
		})
	}
}

// Two goroutines that are lost say where each was started.
func TestErrLostNamesEachStatement(t *testing.T) {
	explicit(t)
	position := regexp.MustCompile(`errors_test\.go:\d+`)
	inRequest(func(*httpctx.Context) {
		var one, two error
		join(func(fn func()) { go fn() }, func() { one = why() })
		join(func(fn func()) { go fn() }, func() { two = why() })
		assert.NotEmpty(t, position.FindString(one.Error()))
		assert.NotEqual(t, position.FindString(one.Error()), position.FindString(two.Error()))
	})
}

// Read before main there is no request yet, whatever the program does later.
var errBeforeMain = why()

func TestErrorBeforeMain(t *testing.T) {
	const detail = "^a package-level variable or an init function asks before main: .*handler calls; in a test, httpctx.Run"
	e := isOnly(t, errBeforeMain, httpctx.ErrNotEnabled, detail)
	assert.Nil(t, e.Cause)
	assert.NotContains(t, errBeforeMain.Error(), "wrap the server's handler")
}

// Middleware made at package level has no request before main either.
func TestErrorBeforeMainWithMiddleware(t *testing.T) {
	if !againWith(t, "AMBIENT_TEST_BEFORE_MAIN=1") {
		return
	}
	isOnly(t, madeBeforeMain.err, httpctx.ErrNoRequest, "^a package-level variable or an init function asks before main: ")
}

var madeBeforeMain = func() (m struct{ err error }) {
	if os.Getenv("AMBIENT_TEST_BEFORE_MAIN") != "" {
		httpctx.Middleware(http.NotFoundHandler())
		m.err = why()
	}
	return m
}()

// A goroutine that serves a request, before or after its Middleware: what asks there belongs inside.
func TestErrorOutsideOfMiddleware(t *testing.T) {
	inRequest(func(*httpctx.Context) {}) // enables
	for _, serve := range []func(testing.TB, http.Handler) *httptest.Server{serve, serveHTTP2} {
		inner := middleware(func(http.ResponseWriter, *http.Request) { panic("over") })
		errs := make(chan error, 1)
		s := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			defer func() {
				assert.Equal(t, "over", recover())
				errs <- why()
			}()
			inner.ServeHTTP(w, r)
		}))
		get(t, s.Client(), s.URL)
		isOnly(t, within(t, errs), httpctx.ErrNoRequest, "^on a goroutine started in .*: it serves requests, and this code "+
			"runs outside of Middleware: put it inside, as a middleware that recovers panics; if it is inside, ")
	}
}

// A frame from before the request hides it. The advice is followed: the Context from outside is used inside.
func TestErrorInAFrameFromBeforeTheRequest(t *testing.T) {
	before := gls.Capture()
	type result struct {
		err error
		id  string
	}
	results := make(chan result, 2)
	s := serve(t, middleware(func(http.ResponseWriter, *http.Request) {
		c := httpctx.GetOrFail()
		for _, hide := range []func(func()){gls.Isolate, before.Run} {
			hide(func() { results <- result{why(), c.ID()} })
		}
	}))
	r, err := http.NewRequest(http.MethodGet, s.URL, http.NoBody)
	require.NoError(t, err)
	r.Header.Set("X-Request-ID", "id-1")
	response, err := s.Client().Do(r)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	for range 2 {
		got := within(t, results)
		isOnly(t, got.err, httpctx.ErrNoRequest, "if it is inside, it runs in gls.Isolate, or in a function or snapshot "+
			"that was captured before the request: call httpctx.Get before that, and use its Context inside$")
		assert.Equal(t, "id-1", got.id)
	}
}

// Where the ancestors are known, a grandchild's loss is, with the statement at which it happened.
func TestErrLostOnTheWay(t *testing.T) {
	explicit(t)
	if !againWith(t, "GODEBUG=tracebackancestors=10") {
		return
	}
	inRequest(func(*httpctx.Context) {
		at := line() + 1
		lose := func(fn func()) { go fn() }
		on := fmt.Sprintf(`by the go statement in .*errors_test\.go:%d\): start it with gls\.Go if it works for that flow alone; `, at)
		check := func() {
			e := isOnly(t, why(), httpctx.ErrLost, "^on the way to this goroutine, which was started in .*, "+on)
			assert.False(t, e.Cause.Lost)
			assert.ErrorContains(t, e.Cause, "and was lost on the way from there to this one, at the go statement in ")
			assert.NotZero(t, e.Cause.Ancestor)
		}
		join(lose, func() { join(plain, check) })
		join(lose, func() { join(plain, func() { join(plain, check) }) })
		join(lose, func() { join(gls.Go, check) })
		join(gls.Go, func() { join(gls.Go, func() { join(lose, func() { join(plain, check) }) }) })
		done := make(chan bool)
		lose(func() { // the one in between has ended
			plain(func() {
				defer close(done)
				for range 100 {
					runtime.Gosched()
				}
				check()
			})
		})
		<-done
		join(lose, func() { assert.True(t, asError(t, why()).Cause.Lost) })
		asks, answer := make(chan bool), make(chan error)
		httpctx.RunOutside(func() {
			gls.Isolate(func() {
				gls.Go(func() {
					<-asks
					answer <- why()
				})
			})
		})
		close(asks)
		isOnly(t, <-answer, httpctx.ErrNoRequest, "") // gls.Go carries what there was: it was not lost
	})
}

// A request starts a server, which outlives it. What the server serves without a Middleware is outside of a request, and
// not lost to the one that has started it.
func TestErrorInAServerThatARequestHasStarted(t *testing.T) {
	const detail = `^on a goroutine started in net/http\..*: it serves requests, and this code runs outside of Middleware: `
	var err error
	var out bytes.Buffer
	log := slog.New(httpctx.LogHandler(slog.NewTextHandler(&out, nil), httpctx.MarkLost()))
	listener, listening := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, listening)
	s := &http.Server{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		assert.Nil(t, current())
		err = why()
		log.Info("m")
	})}
	defer s.Close()
	ask := func() {
		get(t, &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}, "http://"+listener.Addr().String())
		isOnly(t, err, httpctx.ErrNoRequest, detail)
		assert.NotContains(t, out.String(), "request_lost")
	}
	inRequest(func(*httpctx.Context) {
		gls.Go(func() { _ = s.Serve(listener) })
		gls.Isolate(ask)
	})
	ask()
}
