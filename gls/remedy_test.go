package gls_test

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/internal/constructs"
)

// notSet asks for the storage and returns the error.
func notSet(s *gls.Storage[string]) *gls.NotSetError {
	_, err := s.Lookup()
	var e *gls.NotSetError
	errors.As(err, &e)
	return e
}

// The go statement of a construct is not the program's: the text names the construct, the program's own function with its
// line, and what to write instead.
func TestNotSetErrorNamesTheConstruct(t *testing.T) {
	if gls.Propagation() == gls.Inherited {
		t.Skip("they carry the value")
	}
	s := gls.New[string]("user")
	for name, start := range map[string]func(fn func()){
		"sync.WaitGroup.Go": func(fn func()) { new(sync.WaitGroup).Go(fn) },
		"time.AfterFunc":    func(fn func()) { time.AfterFunc(time.Millisecond, fn) },
		"context.AfterFunc": func(fn func()) {
			ctx, cancel := context.WithCancel(t.Context())
			context.AfterFunc(ctx, fn)
			cancel()
		},
		"t.Run": func(fn func()) { t.Run("sub", func(*testing.T) { fn() }) },
		"iter.Pull": func(fn func()) {
			next, stop := iter.Pull(func(func(int) bool) { fn() })
			next()
			stop()
		},
		"http.TimeoutHandler": func(fn func()) {
			h := http.TimeoutHandler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { fn() }), time.Minute, "")
			h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
		},
		"http.Server": func(fn func()) {
			server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { fn() }))
			defer server.Close()
			response, err := http.Get(server.URL)
			require.NoError(t, err)
			response.Body.Close()
		},
	} {
		found := make(chan *gls.NotSetError, 1)
		s.Run("Ada", func() { start(func() { found <- notSet(s) }) })
		e := <-found
		require.NotNil(t, e, name)
		assert.Equal(t, name, e.Construct)
		assert.Contains(t, e.Function, "gls_test.TestNotSetErrorNamesTheConstruct.func", name)
		assert.Regexp(t, `remedy_test.go:\d+\)$`, e.Function, name)
		var want string
		for _, c := range constructs.All {
			if c.Name == name {
				want = c.Remedy
			}
		}
		require.NotEmpty(t, want, name)
		assert.Equal(t, want, e.Remedy, name)
		assert.Contains(t, e.Error(), ", on which "+name+" runs "+e.Function+" without its caller's values: "+want)
		assert.NotContains(t, e.Error(), "waitgroup.go", "a line of the standard library")
	}
}

// A go statement of the program may start a goroutine for one flow or a worker for many: the text says what is for which.
func TestNotSetErrorOffersBothWays(t *testing.T) {
	if gls.Propagation() == gls.Inherited {
		t.Skip("a go statement carries the value")
	}
	s := gls.New[string]("user")
	ask := func(start func(task func())) *gls.NotSetError {
		found := make(chan *gls.NotSetError)
		var e *gls.NotSetError
		s.Run("Ada", func() {
			start(func() { found <- notSet(s) })
			e = <-found
		})
		return e
	}
	for name, start := range map[string]func(task func()){
		"a goroutine": func(task func()) { go task() },
		"a worker": func(task func()) {
			tasks := make(chan func(), 1)
			go func() {
				for task := range tasks {
					task()
				}
			}()
			tasks <- task
			close(tasks)
		},
		"a worker that was started with nothing set, on purpose": func(task func()) {
			tasks := make(chan func(), 1)
			gls.Isolate(func() {
				go func() {
					for task := range tasks {
						task()
					}
				}()
			})
			tasks <- task
			close(tasks)
		},
	} {
		e := ask(start)
		require.NotNil(t, e, name)
		assert.True(t, e.Lost, name)
		assert.Empty(t, e.Construct, name)
		assert.Regexp(t, `: it is set on goroutine \d+, which started this one by the go statement in .*remedy_test.go:\d+\): `+
			`start it with gls.Go if it works for that flow alone; if it is a worker that serves many, give it each task in `+
			`gls.Bind, and leave the go statement as it is$`, e.Error(), name)
	}
	// The second way works for all of them.
	tasks := make(chan func(), 1)
	gls.Isolate(func() {
		go func() {
			for task := range tasks {
				task()
			}
		}()
	})
	for _, user := range []string{"Ada", "Bob"} {
		seen := make(chan string)
		s.Run(user, func() { tasks <- gls.Bind(func() { v, _ := s.Get(); seen <- v }) })
		assert.Equal(t, user, <-seen)
	}
	close(tasks)
}

// What a snapshot does not show is hidden on purpose: it was not lost where the goroutine was started, whatever the
// creator has set by now.
func TestNotSetErrorInSnapshots(t *testing.T) {
	s, other := gls.New[string]("user"), gls.New[int]("other")
	empty := gls.Isolate
	one := func(fn func()) { gls.Isolate(func() { other.Run(1, fn) }) }
	for where, in := range map[string]func(fn func()){"nothing set": empty, "another storage set": one} {
		for name, start := range map[string]func(fn func()){
			"Go":           gls.Go,
			"Snapshot.Go":  func(fn func()) { gls.Capture().Go(fn) },
			"WaitGroup.Go": func(fn func()) { new(gls.WaitGroup).Go(fn) },
			"AfterFunc":    func(fn func()) { gls.AfterFunc(time.Millisecond, fn) },
			"Bind":         func(fn func()) { go gls.Bind(fn)() },
			"Snapshot.Run": func(fn func()) { snapshot := gls.Capture(); go snapshot.Run(fn) },
			"Resume": func(fn func()) {
				ctx := gls.NewContext(t.Context(), gls.Capture())
				go gls.Resume(ctx, fn)
			},
			"Bind, by a WaitGroup": func(fn func()) { new(sync.WaitGroup).Go(gls.Bind(fn)) },
		} {
			release, found := make(chan bool), make(chan *gls.NotSetError)
			s.Run("Ada", func() {
				in(func() { start(func() { <-release; found <- notSet(s) }) })
				close(release) // it is set here again
				e := <-found
				require.NotNil(t, e, "%s, %s", name, where)
				assert.False(t, e.Lost, "%s, %s: %v", name, where, e)
				assert.Empty(t, e.Remedy, "%s, %s", name, where)
				assert.Empty(t, e.Construct, "%s, %s", name, where)
			})
		}
	}
}

// Isolate on a goroutine that a plain go statement started hides what was never there.
func TestNotSetErrorInIsolate(t *testing.T) {
	s := gls.New[string]("user")
	s.Run("Ada", func() {
		found := make(chan *gls.NotSetError)
		go gls.Isolate(func() { found <- notSet(s) })
		assert.False(t, (<-found).Lost)
	})
}

// A ctx without a snapshot hides nothing: the value was lost before.
func TestNotSetErrorInResumeWithoutASnapshot(t *testing.T) {
	if gls.Propagation() == gls.Inherited {
		t.Skip("a go statement carries the value")
	}
	s := gls.New[string]("user")
	s.Run("Ada", func() {
		found := make(chan *gls.NotSetError)
		go gls.Resume(t.Context(), func() { found <- notSet(s) })
		assert.True(t, (<-found).Lost)
	})
}

// The README, the error texts and this list say the same of each row.
func TestTravelTableHasAConstructForEachLoss(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "README.md"))
	require.NoError(t, err)
	_, table, ok := strings.Cut(string(text), "<!-- what travels by what: written by make travel -->\n")
	require.True(t, ok)
	table, _, _ = strings.Cut(table, "<!-- end of")
	rows := 0
	for line := range strings.Lines(table) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if len(cells) < 3 || strings.TrimSpace(cells[1]) != "no" {
			continue
		}
		rows++
		name, remedy := strings.TrimSpace(cells[0]), strings.TrimSpace(cells[len(cells)-1])
		assert.Equal(t, constructs.Instead(name), remedy, name)
	}
	assert.GreaterOrEqual(t, rows, 18)
}
