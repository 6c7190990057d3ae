package glstest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glslog"
	"github.com/ambient-go/ambient/gls/glstest"
	"github.com/ambient-go/ambient/httpctx"
	"github.com/ambient-go/ambient/internal/inspect"
)

func explicitOnly(t *testing.T) {
	t.Helper()
	if gls.Propagation() == gls.Inherited {
		t.Skip("the frames of others are not known in this build")
	}
}

// lossesOf returns the failure of a test that does what fn does, "" where it passes.
func lossesOf(t *testing.T, fn func()) string {
	t.Helper()
	f := &fake{TB: t}
	glstest.NoLosses(f)
	fn()
	return strings.Join(f.end(), "\n")
}

// line returns the line of its caller, and what a failure says of it.
func line() string {
	_, file, n, _ := runtime.Caller(1)
	return fmt.Sprintf("%s:%d", file, n)
}

// wait runs fn on a goroutine that start starts and waits for it.
func wait(start func(fn func()), fn func()) {
	done := make(chan struct{})
	start(func() {
		defer close(done)
		fn()
	})
	<-done
}

func read() { user.Get() }

// spawn has returned when the goroutine reads.
func spawn(fn func()) { go fn() }

func TestNoLossesFindsThem(t *testing.T) {
	explicitOnly(t)
	var at string
	for name, lose := range map[string]func(){
		"in the scope's function": func() {
			done := make(chan struct{})
			at = line()
			go func() { defer close(done); user.Get() }()
			<-done
		},
		"Lookup": func() { at = "spawn"; wait(spawn, func() { _, _ = user.Lookup() }) },
		"GetOrFail": func() {
			at = "spawn"
			wait(spawn, func() {
				defer func() { _ = recover() }()
				user.GetOrFail()
			})
		},
		"a function that has returned": func() { at = "spawn"; wait(spawn, read) },
		"sync.WaitGroup.Go": func() {
			at = "sync.(*WaitGroup).Go"
			var wg sync.WaitGroup
			wg.Go(read)
			wg.Wait()
		},
		"with another value set there": func() {
			at = "spawn"
			wait(spawn, func() { count.Run(1, read) })
		},
		"by a grandchild": func() {
			done := make(chan struct{})
			at = line()
			go func() { defer close(done); wait(spawn, read) }()
			<-done
		},
		"by a grandchild whose parent has exited and read": func() {
			done := make(chan struct{})
			at = line()
			go func() {
				user.Get()
				go func() { time.Sleep(10 * time.Millisecond); user.Get(); close(done) }()
			}()
			<-done
		},
		"by a grandchild of a function that has returned": func() {
			at = "spawn"
			wait(gls.Go, func() { wait(spawn, func() { wait(func(fn func()) { go fn() }, read) }) })
		},
		"by a child of gls.Go of a lost one": func() {
			done := make(chan struct{})
			at = line()
			go func() { defer close(done); wait(gls.Go, read) }()
			<-done
		},
	} {
		t.Run(name, func(t *testing.T) {
			text := lossesOf(t, func() { user.Run("Ada", lose) })
			assert.Contains(t, text, "glstest.NoLosses: values are lost at 1 go statement\n")
			file, n, _ := strings.Cut(at, ".go:")
			if n != "" { // the go statement is in the next line
				number := 0
				_, _ = fmt.Sscan(n, &number)
				at = fmt.Sprintf("%s.go:%d\n", file, number+1)
			}
			assert.Contains(t, text, at)
			assert.NotContains(t, text, "Ada", "no values")
		})
	}
}

func TestNoLossesIsSilent(t *testing.T) {
	explicitOnly(t)
	for name, fine := range map[string]func(){
		"nothing is set":   func() { wait(spawn, read) },
		"a hit":            func() { user.Run("Ada", func() { wait(gls.Go, read) }) },
		"another storage":  func() { count.Run(1, func() { wait(spawn, read) }) },
		"on the goroutine": func() { user.Run("Ada", func() { user.Exit(read); gls.Isolate(read) }) },
		"gls.Go in Isolate": func() {
			gate, done := make(chan struct{}), make(chan struct{})
			user.Run("Ada", func() {
				gls.Isolate(func() { gls.Go(func() { <-gate; read(); close(done) }) })
				close(gate)
				<-done
			})
		},
		"a bound function": func() {
			bound := gls.Bind(read)
			user.Run("Ada", func() { wait(spawn, bound) })
		},
		"a task with a snapshot": func() {
			user.Run("Ada", func() { wait(spawn, func() { gls.Snapshot{}.Run(read) }) })
		},
		"gls.WaitGroup outside": func() {
			var wg gls.WaitGroup
			gate := make(chan struct{})
			wg.Go(func() { <-gate; read() })
			user.Run("Ada", func() { close(gate); wg.Wait() })
		},
		"RunOutside": func() {
			inRequest(func() {
				httpctx.RunOutside(func() {
					wait(spawn, func() {
						if _, err := httpctx.Lookup(); !errors.Is(err, httpctx.ErrNoRequest) {
							panic(err)
						}
					})
				})
			})
		},
		"set after the go statement": func() {
			gate, done := make(chan struct{}), make(chan struct{})
			go func() { <-gate; user.Get(); close(done) }()
			user.Run("Ada", func() { close(gate); <-done })
		},
		"a server of the test": func() {
			server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { user.Get() }))
			defer server.Close()
			user.Run("Ada", func() {
				response, err := server.Client().Get(server.URL)
				if err == nil {
					_ = response.Body.Close()
				}
			})
		},
		"after the scope": func() {
			gate, done := make(chan struct{}), make(chan struct{})
			user.Run("Ada", func() { go func() { <-gate; user.Get(); close(done) }() })
			close(gate)
			<-done
		},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Empty(t, lossesOf(t, fine))
		})
	}
}

func inRequest(fn func()) {
	httpctx.Run(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/x", http.NoBody), fn)
}

// What nobody reads as an error: a log line and an outgoing request.
func TestNoLossesOfLinesAndRequests(t *testing.T) {
	explicitOnly(t)
	var out bytes.Buffer
	log := slog.New(httpctx.LogHandler(glslog.Handler(slog.NewTextHandler(&out, nil), glslog.Show("user", user))))
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	client := &http.Client{Transport: httpctx.Transport(server.Client().Transport)}
	text := lossesOf(t, func() {
		inRequest(func() {
			gls.Run(func() {
				wait(func(fn func()) { go fn() }, func() { log.Info("a line") })
				wait(func(fn func()) { go fn() }, func() {
					r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, server.URL, http.NoBody)
					if assert.NoError(t, err) {
						response, err := client.Do(r)
						if assert.NoError(t, err) {
							_, _ = io.Copy(io.Discard, response.Body)
							_ = response.Body.Close()
						}
					}
				})
			}, user.With("Ada"), glslog.With(slog.Int("a", 1)))
		})
	})
	assert.Contains(t, text, "values are lost at 2 go statements")
	for _, want := range []string{`"httpctx", once`, `"glslog", once`, `"user", once`, `"gls.Context", `} {
		assert.Contains(t, text, want)
	}
	assert.Contains(t, text, "TestNoLossesOfLinesAndRequests", "where it was read")
}

// Each test is told of its own.
func TestNoLossesOfTestsInParallel(t *testing.T) {
	explicitOnly(t)
	fakes := [4]*fake{}
	var group sync.WaitGroup
	var ready, lost sync.WaitGroup
	ready.Add(len(fakes))
	lost.Add(len(fakes))
	for i := range fakes {
		fakes[i] = &fake{TB: t}
		group.Go(func() {
			glstest.NoLosses(fakes[i])
			ready.Done()
			ready.Wait()
			if i%2 == 0 {
				user.Run("Ada", func() { wait(spawn, read) })
			} else {
				user.Run("Ada", func() { wait(gls.Go, read) })
			}
			lost.Done()
			lost.Wait()
			failures := fakes[i].end()
			assert.Len(t, failures, (i+1)%2, i)
		})
	}
	group.Wait()
	assert.Nil(t, inspect.Misses.Load(), "nobody watches any more")
}

// An Enter is on no stack: whatever its goroutine starts afterwards has lost it.
func TestNoLossesOfAnEnter(t *testing.T) {
	explicitOnly(t)
	text := lossesOf(t, func() {
		defer user.Enter("Ada").Leave()
		done := make(chan struct{})
		go func() { defer close(done); user.Get() }()
		<-done
	})
	assert.Contains(t, text, "values are lost at 1 go statement")
}

// A miss per loop is one line, and a miss while others miss too is counted.
func TestNoLossesCounts(t *testing.T) {
	explicitOnly(t)
	text := lossesOf(t, func() {
		user.Run("Ada", func() {
			var wg sync.WaitGroup
			for range 8 {
				wg.Go(func() {
					for range 25 {
						user.Get()
						count.Get()
					}
				})
			}
			wg.Wait()
		})
	})
	assert.Contains(t, text, `"user", 200 times, first in `)
	assert.NotContains(t, text, `"count"`)
}

func TestNoLossesInSubtests(t *testing.T) {
	explicitOnly(t)
	f := &fake{TB: t}
	glstest.NoLosses(f)
	t.Run("sub", func(*testing.T) { user.Run("Ada", func() { wait(spawn, read) }) })
	require.Len(t, f.end(), 1)
}
