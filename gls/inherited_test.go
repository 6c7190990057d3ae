package gls_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/internal/carrier"
	"github.com/ambient-go/ambient/internal/testexec"
)

// The tests of this file are about programs built by ambient build: make test-inherited runs them.
func needsInheritance(t *testing.T) {
	t.Helper()
	if gls.Propagation() != gls.Inherited {
		t.Skip("a plain go statement does not propagate in this build")
	}
}

// AMBIENT_EXPECT says in which mode the tests are meant to run: a build that silently is another one fails.
func TestPropagationIsAsExpected(t *testing.T) {
	if want := os.Getenv("AMBIENT_EXPECT"); want != "" {
		assert.Equal(t, want, gls.Propagation().String())
	}
	assert.Equal(t, gls.Propagation() == gls.Inherited, carrier.Inherited())
}

func TestInheritedFrameIsThatAtTheGoStatement(t *testing.T) {
	needsInheritance(t)
	s := gls.New[int]("s")
	var seen [6]chan string
	for i := range seen {
		seen[i] = make(chan string, 1)
	}
	report := func(i int) { seen[i] <- see(s) }
	late := make(chan struct{})
	s.Run(1, func() {
		go report(0)
		s.Exit(func() { go report(1) })
		snapshot := gls.Capture()
		s.Run(2, func() {
			go func() {
				<-late // after every scope of its creator has ended
				report(2)
				go report(3)
			}()
			snapshot.Run(func() { go report(4) })
			gls.Isolate(func() { go report(5) })
		})
	})
	close(late)
	for i, want := range []string{"1", "-", "2", "2", "1", "-"} {
		assert.Equal(t, want, <-seen[i], i)
	}
}

// The timers of a bubble run where its first goroutine waits, whose frame is not theirs.
func TestInheritedTimersInABubble(t *testing.T) {
	needsInheritance(t)
	s := gls.New[int]("s")
	var mu sync.Mutex // guards seen
	var seen []string
	note := func() {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, see(s))
	}
	s.Run(1, func() {
		synctest.Test(t, func(*testing.T) {
			gls.Isolate(func() { time.AfterFunc(time.Second, note) })
			s.Run(2, func() { time.AfterFunc(2*time.Second, note) })
			time.AfterFunc(3*time.Second, note)
			time.Sleep(time.Minute)
			synctest.Wait()
		})
	})
	assert.Equal(t, []string{"-", "2", "1"}, seen)
}

// A goroutine that exits in the middle of everything leaves nothing to the next one on its g.
func TestInheritedNothingIsLeftOnAReusedGoroutine(t *testing.T) {
	needsInheritance(t)
	s := gls.New[*load]("s")
	var dirty sync.WaitGroup
	var collectable [50]weak.Pointer[load]
	for i := range collectable {
		dirty.Go(func() {
			var l *load
			l, collectable[i] = newLoad()
			s.Enter(l)
			if i%2 == 0 {
				s.Run(l, runtime.Goexit)
			}
		})
	}
	dirty.Wait()
	var clean sync.WaitGroup
	for range 200 {
		clean.Go(func() {
			_, ok := s.Get()
			assert.False(t, ok)
		})
	}
	clean.Wait()
	for _, p := range collectable {
		assert.True(t, gone(p))
	}
}

// The connection of an http.Client outlives the request that opened it; it keeps no request's frame.
func TestInheritedFramesOfManyRequestsOverOneClient(t *testing.T) {
	needsInheritance(t)
	s := gls.New[*load]("request")
	for _, protocol := range []string{"HTTP/1.1", "HTTP/2.0"} {
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, ok := s.Get()
			fmt.Fprint(w, r.Proto, ok)
		}))
		server.EnableHTTP2 = protocol == "HTTP/2.0"
		server.StartTLS()
		defer server.Close()
		client := server.Client()
		frames := make([]weak.Pointer[load], 100)
		for i := range frames {
			l, p := newLoad()
			frames[i] = p
			s.Run(l, func() {
				ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
				defer cancel()
				r, err := http.NewRequestWithContext(ctx, http.MethodPost, server.URL, http.NoBody)
				require.NoError(t, err)
				resp, err := client.Do(r)
				require.NoError(t, err)
				text, err := io.ReadAll(resp.Body)
				assert.NoError(t, err)
				assert.NoError(t, resp.Body.Close())
				assert.Equal(t, protocol+"false", string(text))
			})
		}
		kept := 0
		for _, p := range frames {
			if !gone(p) {
				kept++
			}
		}
		assert.Zero(t, kept, "%s: frames of requests that are over", protocol)
		client.CloseIdleConnections()
	}
}

// A worker that is started in Isolate inherits nothing at all.
func TestInheritedWorkersStartCleanInIsolate(t *testing.T) {
	needsInheritance(t)
	s := gls.New[*load]("s")
	jobs := make(chan func())
	defer close(jobs)
	worker := func() {
		for job := range jobs {
			job()
		}
	}
	var started weak.Pointer[load]
	func() {
		var l *load
		l, started = newLoad()
		s.Run(l, func() { gls.Isolate(func() { go worker() }) })
	}()
	seen := make(chan bool)
	s.Run(new(load), func() {
		jobs <- func() { _, ok := s.Get(); seen <- ok }
	})
	assert.False(t, <-seen)
	assert.True(t, gone(started))
}

// TestInheritedUnderGCStress runs a process in which every allocation may collect, freed memory is overwritten and each
// mark is checked by a second one.
func TestInheritedUnderGCStress(t *testing.T) {
	needsInheritance(t)
	if os.Getenv("AMBIENT_GC_STRESS") != "" {
		gcStress(t, scale(100_000, 1_000_000))
		return
	}
	cmd := testexec.Command("-test.run=^TestInheritedUnderGCStress$", "-test.v", "-test.timeout=60m")
	cmd.Env = append(os.Environ(), "AMBIENT_GC_STRESS=1", "GOGC=1", "GODEBUG=clobberfree=1,gccheckmark=1")
	text, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", text)
	t.Logf("%s", text)
}

// gcStress lets n goroutines inherit, swap and clear frames, and counts wrong reads.
func gcStress(t *testing.T, n int) {
	s, other := gls.New[*stressed]("s"), gls.New[*stressed]("other")
	var wrong, alive atomic.Int64
	make1 := func(id int) *stressed {
		v := &stressed{id: id, check: ^id, bytes: garbage()}
		alive.Add(1)
		runtime.AddCleanup(v, func(struct{}) { alive.Add(-1) }, struct{}{})
		return v
	}
	check := func(s *gls.Storage[*stressed], id int) {
		if v, ok := s.Get(); !ok || v.id != id || v.check != ^id {
			wrong.Add(1)
		}
	}
	manyInTurn(n/4, func(fn func()) { go fn() }, func() {
		id := rand.Int()
		var group sync.WaitGroup
		s.Run(make1(id), func() {
			group.Go(func() {
				check(s, id)
				other.Enter(make1(id + 1)) // and never left
				go func() { check(other, id+1) }()
			})
			group.Go(func() {
				s.Run(make1(id+2), func() {
					runtime.KeepAlive(garbage())
					check(s, id+2)
				})
				check(s, id)
				gls.Isolate(func() {
					if _, ok := s.Get(); ok {
						wrong.Add(1)
					}
				})
			})
			check(s, id)
		})
		group.Wait()
	})
	assert.Zero(t, wrong.Load(), "wrong reads")
	assert.Eventually(t, func() bool {
		runtime.GC()
		return alive.Load() == 0
	}, time.Minute, time.Millisecond, "everything is collected")
	t.Logf("%d goroutines, %d wrong reads, %d values alive", n, wrong.Load(), alive.Load())
}

type stressed struct {
	id    int
	check int
	bytes []byte
}

//go:noinline
func garbage() []byte { return make([]byte, 100) }
