package conformance_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"testing"
	"time"
	"weak"

	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/httpctx"
	"github.com/ambient-go/ambient/internal/carrier"
	"github.com/ambient-go/ambient/internal/testexec"
)

// The conformance tests assert what the test suites and documents of Node's AsyncLocalStorage (N, ND) and of TC39's
// AsyncContext (T) assert, in goroutine terms, what those of AdonisJS's HttpContext (A) and of other languages (P) assert,
// the hazards that Go adds (G), and faults that users reported elsewhere (B). A row's name begins with its ids in
// CATALOGUE.md.
//
// Rows run in each of the states below, and the harness checks after each that it has left nothing behind. Rows that
// start a process, change something of the whole process or take long run in the first state alone: those of the
// tables passed to inOneState.

// A row is one subtest.
type row struct {
	name string
	body func(t *probe)
}

// A probe is what a row asserts with. It only collects failures, because rows run off the test's own goroutine, where
// FailNow has no place.
type probe struct {
	t     *testing.T
	state string
	after []func() // run on the row's goroutine when its body has returned
}

func (p *probe) Errorf(format string, args ...any) {
	p.t.Helper()
	p.t.Errorf(format, args...)
}

func (p *probe) Helper()                         { p.t.Helper() }
func (p *probe) Logf(format string, args ...any) { p.t.Logf(format, args...) }

// unrelated is a storage that no row touches.
var unrelated = gls.New[string]("unrelated")

// A state is the surroundings in which a row runs.
type state struct {
	name      string
	unrelated string // what the unrelated storage is, "" when it is not set
	enter     func(t *testing.T, body func())
}

var states = []state{
	{"fresh goroutine", "", func(_ *testing.T, body func()) {
		onGoroutine(body)
	}},
	{"in an unrelated Run", "around", func(_ *testing.T, body func()) {
		onGoroutine(func() { unrelated.Run("around", body) })
	}},
	{"after an unused capture", "around", func(_ *testing.T, body func()) {
		onGoroutine(func() {
			unrelated.Run("around", func() {
				gls.Capture()
				gls.Bind(func() {})
				body()
			})
		})
	}},
	{"in a child", "around", func(_ *testing.T, body func()) {
		onGoroutine(func() { unrelated.Run("around", func() { inGo(body) }) })
	}},
	{"after a recovered panic", "", func(t *testing.T, body func()) {
		onGoroutine(func() {
			over := func() { panic("recovered") }
			assert.Equal(t, "recovered", caught(func() { unrelated.Run("around", over) }))
			assert.Equal(t, "recovered", caught(func() { inRequest(func(*httpctx.Context) { over() }) }))
			body()
		})
	}},
	{"in pprof.Do", "", func(_ *testing.T, body func()) {
		onGoroutine(func() {
			pprof.Do(context.Background(), pprof.Labels("state", "labelled"), func(context.Context) { body() })
		})
	}},
	{"on a locked thread", "", func(_ *testing.T, body func()) {
		onGoroutine(func() {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			body()
		})
	}},
	{"in the second request of a connection", "", inSecondRequest},
}

func inSecondRequest(t *testing.T, body func()) {
	var from []string
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		from = append(from, r.RemoteAddr)
		if len(from) == 1 {
			unrelated.Run("first request", func() {})
			httpctx.Middleware(http.NotFoundHandler()).ServeHTTP(httptest.NewRecorder(), r)
		} else {
			body()
		}
	}))
	defer server.Close()
	// http.Client opens another connection where the first one is not idle in time.
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if !assert.NoError(t, err) {
		return
	}
	defer conn.Close()
	in := bufio.NewReader(conn)
	for range 2 {
		_, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: test\r\n\r\n")
		assert.NoError(t, err)
		resp, err := http.ReadResponse(in, nil)
		if assert.NoError(t, err) {
			_, err = io.Copy(io.Discard, resp.Body)
			assert.NoError(t, err)
			assert.NoError(t, resp.Body.Close())
		}
	}
	if assert.Len(t, from, 2) {
		assert.Equal(t, from[0], from[1], "both requests come on one connection")
	}
}

func inEveryState(t *testing.T, rows []row) { inStates(t, rows, states) }

func inOneState(t *testing.T, rows []row) { inStates(t, rows, states[:1]) }

func inStates(t *testing.T, rows []row, states []state) {
	// What earlier tests left behind must not go away during a row and hide what that leaves behind.
	for try := 0; carrier.Len() > 0 && try < 100; try++ {
		testexec.Collect()
		time.Sleep(time.Millisecond)
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			for _, s := range states {
				t.Run(s.name, func(t *testing.T) {
					ran := false
					s.enter(t, func() {
						ran = true
						r.run(t, s)
					})
					assert.True(t, ran)
				})
			}
		})
	}
}

// run runs the row on the calling goroutine and asserts that it leaves everything as it was.
func (r row) run(t *testing.T, s state) {
	p := &probe{t: t, state: s.name}
	carried, goroutines := carrier.Len(), runtime.NumGoroutine()
	unchanged := func() {
		t.Helper()
		if s.unrelated == "" {
			unset(p, unrelated, "the unrelated storage")
		} else {
			sees(p, s.unrelated, unrelated, "the unrelated storage")
		}
	}
	unchanged()
	func() {
		defer func() {
			if v := recover(); v != nil {
				t.Errorf("the row panics: %v\n%s", v, debug.Stack())
			}
		}()
		r.body(p)
	}()
	unchanged()
	for _, check := range p.after {
		check()
	}
	// A goroutine that says it is done has still to return from what the library runs around it, and one that entered
	// outside of any scope is noticed at a garbage collection.
	settled := poll(func(try int) bool {
		if try > 55 {
			runtime.GC()
		}
		return carrier.Len() <= carried && runtime.NumGoroutine() <= goroutines
	})
	assert.True(t, settled, "%d goroutines of %d carry a frame, after %d of %d",
		carrier.Len(), runtime.NumGoroutine(), carried, goroutines)
}

// patience is how long poll waits: some seconds, and next to nothing once that was in vain, for what fails in one state
// fails in many.
var patience = 10 * time.Second

// poll calls done until it returns true or patience is at an end.
func poll(done func(try int) bool) bool {
	deadline := time.Now().Add(patience)
	for try := 0; !done(try); try++ {
		if time.Now().After(deadline) {
			patience = 50 * time.Millisecond
			return false
		}
		if try < 50 {
			runtime.Gosched()
		} else {
			time.Sleep(time.Duration(min(try, 1000)) * time.Microsecond)
		}
	}
	return true
}

// fresh returns a storage that has to be unset again when the row ends.
func fresh[T any](t *probe) *gls.Storage[T] {
	s := gls.New[T]("row")
	t.after = append(t.after, func() { unset(t, s, "after the row") })
	return s
}

// sees asserts that the storage is set to want, by identity where T is a pointer.
func sees[T comparable](t *probe, want T, s *gls.Storage[T], msg ...any) {
	t.Helper()
	if got, ok := s.Get(); !ok || got != want {
		assert.Fail(t, fmt.Sprintf("Get returns %v, %t, want %v, true", got, ok, want), msg...)
	}
}

// unset asserts that the storage, which has no default, is not set.
func unset[T any](t *probe, s *gls.Storage[T], msg ...any) {
	t.Helper()
	if got, ok := s.Get(); ok || !reflect.ValueOf(&got).Elem().IsZero() {
		assert.Fail(t, fmt.Sprintf("Get returns %v, %t, want the zero value and false", got, ok), msg...)
	}
}

// plainSees asserts what a goroutine sees that no gls function started, where want is set at the go statement.
func plainSees[T comparable](t *probe, want T, s *gls.Storage[T], msg ...any) {
	t.Helper()
	if gls.Propagation() == gls.Inherited {
		sees(t, want, s, msg...)
	} else {
		unset(t, s, msg...)
	}
}

// onGoroutine runs fn on a goroutine started by a plain go statement and waits until it has ended.
func onGoroutine(fn func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		fn()
	}()
	<-done
}

// inGo runs fn on a goroutine started by gls.Go and waits until it has ended, by return or runtime.Goexit.
func inGo(fn func()) {
	done := make(chan struct{})
	gls.Go(func() {
		defer close(done)
		fn()
	})
	<-done
}

// apart runs fn on a goroutine on which nothing is set, in either mode of propagation, and waits for it.
func apart(fn func()) { gls.Isolate(func() { onGoroutine(fn) }) }

// suspend lets other goroutines run and comes back at a later time.
func suspend() {
	apart(runtime.Gosched)
	time.Sleep(time.Microsecond)
}

// caught returns what fn panics with, nil when it does not.
func caught(fn func()) (value any) {
	defer func() { value = recover() }()
	fn()
	return nil
}

// A store is a value that a test can see to be collected: it is big and has a pointer, so it shares no memory block.
type store struct {
	data map[string]any
	link any
	_    [64]byte
}

func newStore(keysAndValues ...any) *store {
	s := &store{data: map[string]any{}}
	for i := 0; i < len(keysAndValues); i += 2 {
		s.data[keysAndValues[i].(string)] = keysAndValues[i+1]
	}
	return s
}

// collected asserts that the garbage collector frees what w points to.
func collected[T any](t *probe, w weak.Pointer[T], msg ...any) {
	t.Helper()
	assert.True(t, poll(func(int) bool {
		runtime.GC()
		return w.Value() == nil
	}), msg...)
}

// iterations returns the second number when AMBIENT_LONG is set in the environment.
func iterations(normal, long int) int {
	if os.Getenv("AMBIENT_LONG") != "" {
		return long
	}
	return normal
}
