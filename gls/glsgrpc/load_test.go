package glsgrpc_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glsgrpc"
)

// Calls is how many are in their handlers at once, each with an identity of its own: half of them streams.
const calls = 2000

// A load is what the handlers of one run share.
type load struct {
	t     *testing.T
	lines lines
	back  client // calls the same server

	foreign, lost, nested atomic.Int64
	inside, late          sync.WaitGroup
	over                  chan struct{} // closed when all calls have returned
}

func TestEachCallFindsItselfUnderLoad(t *testing.T) {
	for _, workers := range []uint32{0, 16} {
		t.Run(fmt.Sprint("workers=", workers), func(t *testing.T) {
			l := &load{t: t, over: make(chan struct{})}
			l.inside.Add(calls)
			s := &service{
				empty:  l.emptyCall,
				unary:  func(ctx context.Context) error { l.handle(ctx, unaryMethod); return nil },
				stream: func(s grpc.ServerStream) error { l.handle(s.Context(), streamMethod); return nil },
			}
			opts := append(auth(), grpc.NumStreamWorkers(workers))
			l.back = dial(t, start(t, s, glsgrpc.Server(opts...)...))

			var all sync.WaitGroup
			for i := range calls {
				all.Go(func() {
					ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
					defer cancel()
					ctx = with(ctx, "user", fmt.Sprint(i), "x-request-id", fmt.Sprint("id-", i))
					call := l.back.unary
					if i%2 == 0 {
						call = l.back.stream
					}
					assert.NoError(t, call(ctx))
				})
			}
			all.Wait()
			close(l.over)
			l.late.Wait()
			assert.Zero(t, l.foreign.Load(), "foreign")
			assert.Zero(t, l.lost.Load(), "lost")
			assert.EqualValues(t, 2*calls, l.nested.Load())

			count := make(map[string]int)
			for _, line := range l.lines.all(t) {
				count[fmt.Sprint(line["request_id"])]++
				assert.Equal(t, "id-"+fmt.Sprint(line["want"]), line["request_id"])
				assert.Contains(t, []any{unaryMethod, streamMethod}, line["method"])
				assert.Regexp(t, `^127\.0\.0\.1:\d+$`, line["peer"])
			}
			assert.Len(t, count, calls)
		})
	}
}

// handle is the handler of both kinds of calls.
func (l *load) handle(ctx context.Context, method string) {
	name := metadata.ValueFromIncomingContext(ctx, "user")[0]
	l.read(name, method)
	l.inside.Done()
	l.inside.Wait()
	l.read(name, method)
	if gls.Context() != ctx {
		l.lost.Add(1)
	}

	done := make(chan struct{})
	gls.Go(func() {
		defer close(done)
		l.read(name, method)
		l.lines.logger().Info("in a child", "want", name)
	})
	<-done
	gls.Resume(ctx, func() { l.call(method) }) // without the user, whom auth has set inside
	assert.NoError(l.t, l.back.empty(with(context.Background(), "want", "id-"+name)))

	l.late.Add(1)
	gls.Go(func() {
		defer l.late.Done()
		<-l.over
		<-ctx.Done()
		got, ok := user.Get()
		if !ok || got != name {
			l.foreign.Add(1)
		}
		if c, ok := glsgrpc.Get(); ok || c != nil {
			l.foreign.Add(1)
		}
		_, err := glsgrpc.Lookup()
		assert.ErrorIs(l.t, err, glsgrpc.ErrFinished)
		if gls.Context() != context.Background() {
			l.foreign.Add(1)
		}
		assert.NoError(l.t, l.back.empty(context.Background()), "a call that was over cancels one that came later")
	})
}

// read looks for the user and the call.
func (l *load) read(name, method string) {
	switch got, ok := user.Get(); {
	case !ok:
		l.lost.Add(1)
	case got != name:
		l.foreign.Add(1)
	}
	if c := l.call(method); c != nil && c.ID() != "id-"+name {
		l.foreign.Add(1)
	}
}

func (l *load) call(method string) *glsgrpc.Call {
	c, ok := glsgrpc.Get()
	if !ok {
		l.lost.Add(1)
		return nil
	}
	if c.Method() != method || c.Finished() {
		l.foreign.Add(1)
	}
	return c
}

// emptyCall serves what handlers call while they run, which names the id of theirs, and after.
func (l *load) emptyCall(ctx context.Context) error {
	l.nested.Add(1)
	if _, ok := user.Get(); ok {
		l.foreign.Add(1)
	}
	c, ok := glsgrpc.Get()
	want := metadata.ValueFromIncomingContext(ctx, "want")
	switch {
	case !ok:
		l.lost.Add(1)
	case len(want) > 0 && c.ID() != want[0], len(want) == 0 && len(c.ID()) != 32:
		l.foreign.Add(1)
	}
	return nil
}

// A worker serves one call after the other on one goroutine.
func TestAWorkerKeepsNothingOfTheCallBefore(t *testing.T) {
	var calls int
	s := &service{}
	var dirty atomic.Int64
	seen := make(map[string]int) // calls by goroutine
	var mu sync.Mutex
	before := func(next func() error) error {
		mu.Lock()
		seen[goroutine()]++
		mu.Unlock()
		if (gls.Capture() != gls.Snapshot{}) {
			dirty.Add(1)
		}
		err := recovering(next)
		if (gls.Capture() != gls.Snapshot{}) {
			dirty.Add(1)
		}
		return err
	}
	handler := func(ctx context.Context) error {
		c, ok := glsgrpc.Get()
		assert.True(t, ok)
		want := metadata.ValueFromIncomingContext(ctx, "user")
		got, ok := user.Get()
		assert.Equal(t, len(want) > 0, ok)
		if ok {
			assert.Equal(t, want[0], got)
		}
		user.Enter("entered and never left")
		if calls%3 == 0 {
			panic(c.Method())
		}
		return nil
	}
	s.unary = handler
	s.stream = func(s grpc.ServerStream) error { return handler(s.Context()) }
	opts := append(auth(), grpc.NumStreamWorkers(1))
	opts = append(opts, around(before)...)
	c := dial(t, start(t, s, glsgrpc.Server(opts...)...))
	for calls = range 300 {
		ctx := t.Context()
		if calls%2 == 0 {
			ctx = with(ctx, "user", fmt.Sprint(calls))
		}
		call, method := c.unary, unaryMethod
		if calls%5 == 0 {
			call, method = c.stream, streamMethod
		}
		if err := call(ctx); calls%3 == 0 {
			require.ErrorContains(t, err, "recovered: "+method)
		} else {
			require.NoError(t, err)
		}
	}
	assert.Zero(t, dirty.Load())
	assert.Less(t, len(seen), 300, "no goroutine has served two calls")
}
