package glstest_test

import (
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glstest"
	"github.com/ambient-go/ambient/internal/goroutine"
)

var (
	user  = gls.New[string]("user")
	count = gls.New[int]("count")
	plain gls.Storage[[]byte]
)

// A fake is a testing.TB that keeps what it is told.
type fake struct {
	testing.TB
	mu       sync.Mutex // guards the fields below
	errors   []string
	cleanups []func()
	over     bool
}

func (f *fake) Helper() {}

func (f *fake) Cleanup(fn func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.cleanups = append(f.cleanups, fn)
}

func (f *fake) Errorf(format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.over {
		panic("Errorf after the test has completed")
	}
	f.errors = append(f.errors, fmt.Sprintf(format, args...))
}

// end does what package testing does at the end of a test, and returns the failures.
func (f *fake) end() []string {
	for _, cleanup := range slices.Backward(f.cleanups) {
		cleanup()
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.over = true
	return f.errors
}

// failure ends the test, which must have one failure.
func (f *fake) failure(t *testing.T) string {
	t.Helper()
	errors := f.end()
	require.Len(t, errors, 1)
	return errors[0]
}

// verifying is a test that has called VerifyNone.
func verifying(t testing.TB) *fake {
	f := &fake{TB: t}
	glstest.VerifyNone(f)
	return f
}

// strict is a test that has called Strict.
func strict(t testing.TB) *fake {
	f := &fake{TB: t}
	glstest.Strict(f)
	return f
}

// hurry shortens the grace period. No test that runs in parallel may need it.
func hurry(t *testing.T) {
	t.Cleanup(glstest.SetGrace(20 * time.Millisecond))
}

// patient is for tests in which waiting ends early. The time says nothing about a busy machine.
func patient(t *testing.T) {
	t.Cleanup(glstest.SetGrace(time.Minute))
}

// next returns "file.go:line" of the line after the call.
func next() string {
	_, file, line, _ := runtime.Caller(1)
	return fmt.Sprintf("%s:%d", filepath.Base(file), line+1)
}

// A blocked is a goroutine that is inside of a function until it is released.
type blocked struct {
	id   uint64
	in   chan uint64
	out  chan bool
	once sync.Once
}

// block returns a goroutine to be; the test releases it at its end.
func block(t testing.TB) *blocked {
	b := &blocked{in: make(chan uint64), out: make(chan bool)}
	t.Cleanup(b.release)
	return b
}

func (b *blocked) release() { b.once.Do(func() { close(b.out) }) }

// hang is called on that goroutine.
func (b *blocked) hang() {
	b.in <- goroutine.ID()
	<-b.out
}

// wait returns when hang has been called.
func (b *blocked) wait() *blocked {
	b.id = <-b.in
	return b
}

// rests returns when the goroutine, which has called hang, waits for the release.
func (b *blocked) rests(t testing.TB) {
	require.Eventually(t, func() bool {
		return strings.HasPrefix(goroutine.Traces()[b.id].State, "chan receive")
	}, 10*time.Second, time.Millisecond)
}

// gone returns when the goroutine has exited.
func gone(t testing.TB, id uint64) {
	require.Eventually(t, func() bool {
		_, ok := goroutine.Live()[id]
		return !ok
	}, 10*time.Second, time.Millisecond)
}

// orphan starts a goroutine that carries a frame and whose creator has exited unseen by gls.
func orphan(t testing.TB) *blocked {
	b, creator := block(t), make(chan uint64)
	go func() {
		go user.Run("orphan", b.hang)
		creator <- goroutine.ID()
	}()
	id := <-creator
	b.wait()
	gone(t, id)
	return b
}

// beside runs fn in a subtest while another subtest runs.
func beside(t *testing.T, other, fn func(t *testing.T)) {
	start, stop, done := make(chan bool), make(chan bool), make(chan bool)
	go func() {
		defer close(done)
		t.Run("other", func(t *testing.T) {
			close(start)
			other(t)
			<-stop
		})
	}()
	<-start
	t.Run("this", fn)
	close(stop)
	<-done
}

func idle(*testing.T) {}

func assertLines(t *testing.T, text string, lines ...string) {
	t.Helper()
	for _, line := range lines {
		assert.True(t, strings.Contains(text, line), "no %q in\n%s", line, text)
	}
}
