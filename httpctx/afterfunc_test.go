package httpctx_test

import (
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/httpctx"
)

// A timer that fires after the handler has returned finds the request that set it, as GoDetached's goroutines do.
func TestAfterFuncDetachedOutlivesTheRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		user := httpctx.NewKey[string]("user")
		var id string
		fired := make(chan bool)
		inRequest(func(c *httpctx.Context) {
			id = c.ID()
			user.Set(c, "Ada")
			httpctx.AfterFuncDetached(time.Minute, func() {
				defer close(fired)
				d := httpctx.GetOrFail()
				assert.NotSame(t, c, d)
				assert.True(t, c.Finished())
				assert.False(t, d.Finished())
				assert.Equal(t, id, d.ID())
				assert.Equal(t, "Ada", user.GetOrFail())
				assert.NoError(t, gls.Context().Err())
				assert.Same(t, d, current())
				assert.True(t, gls.Context() == d.Context())
				_, err := d.Writer().Write([]byte("x"))
				assert.ErrorIs(t, err, httpctx.ErrFinished)
			})
		})
		<-fired
	})
}

// It captures at the call: the keys, the gls values, and not what is set between the call and the firing.
func TestAfterFuncDetachedCapturesAtTheCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := gls.New[int]("s")
		user := httpctx.NewKey[string]("user")
		fired := make(chan bool)
		inRequest(func(c *httpctx.Context) {
			user.Set(c, "before")
			scope := s.Enter(1)
			httpctx.AfterFuncDetached(time.Second, func() {
				defer close(fired)
				v, _ := s.Get()
				assert.Equal(t, 1, v)
				assert.Equal(t, "before", user.GetOrFail())
			})
			scope.Leave()
			user.Set(c, "after")
			assert.Same(t, c, current(), "the caller keeps its own")
			<-fired // during the request too
		})
	})
}

func TestAfterFuncDetachedStopsAndResets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen []*httpctx.Context
		var timer *time.Timer
		inRequest(func(*httpctx.Context) {
			timer = httpctx.AfterFuncDetached(time.Minute, func() { seen = append(seen, httpctx.GetOrFail()) })
		})
		assert.True(t, timer.Stop())
		time.Sleep(time.Hour)
		synctest.Wait()
		assert.Empty(t, seen, "it is stopped")
		for range 2 {
			timer.Reset(time.Second)
			time.Sleep(time.Minute)
			synctest.Wait()
		}
		assert.Len(t, seen, 2)
		assert.Same(t, seen[0], seen[1])
	})
}

// Outside of a request, in RunOutside, after the request and switched off it is gls.AfterFunc.
func TestAfterFuncDetachedElsewhere(t *testing.T) {
	explicit(t)
	synctest.Test(t, func(t *testing.T) {
		s := gls.New[int]("s")
		check := func(where string, reason error) {
			done := make(chan bool)
			s.Run(1, func() {
				httpctx.AfterFuncDetached(time.Second, func() {
					defer close(done)
					assert.Nil(t, current(), where)
					assert.ErrorIs(t, why(), reason, where)
					v, _ := s.Get()
					assert.Equal(t, 1, v, "%s: gls values are carried", where)
				})
			})
			<-done
		}
		check("outside", httpctx.ErrNoRequest)
		var over gls.Snapshot
		inRequest(func(*httpctx.Context) {
			over = gls.Capture()
			httpctx.RunOutside(func() { check("RunOutside", httpctx.ErrNoRequest) })
		})
		over.Run(func() { check("after the request", httpctx.ErrFinished) })
		inRequest(func(*httpctx.Context) {
			httpctx.SetEnabled(false)
			defer httpctx.SetEnabled(true)
			check("switched off", httpctx.ErrNotEnabled)
		})
	})
}

// From inside detached work it is detached again.
func TestAfterFuncDetachedInDetachedWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		done := make(chan bool)
		inRequest(func(c *httpctx.Context) {
			id := c.ID()
			httpctx.GoDetached(func() {
				httpctx.AfterFuncDetached(time.Minute, func() {
					defer close(done)
					assert.Equal(t, id, httpctx.GetOrFail().ID())
				})
			})
		})
		<-done
	})
}

func TestAfterFuncDetachedOfNil(t *testing.T) {
	const text = "httpctx.AfterFuncDetached: nil function"
	assert.Equal(t, text, panicOf(func() { httpctx.AfterFuncDetached(0, nil) }))
	httpctx.Run(httptest.NewRecorder(), newRequest("/"), func() {
		c := current()
		assert.Equal(t, text, panicOf(func() { httpctx.AfterFuncDetached(0, nil) }))
		assert.Same(t, c, current(), "nothing changed")
	})
}
