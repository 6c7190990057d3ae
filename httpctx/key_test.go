package httpctx_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/httpctx"
)

// Values of keys.
func TestKey(t *testing.T) {
	key, twin := httpctx.NewKey[string]("k"), httpctx.NewKey[string]("k")
	failure := httpctx.NewKey[error]("err")
	pointer := httpctx.NewKey[*int]("p")
	anything := httpctx.NewKey[any]("any")
	inRequest(func(c *httpctx.Context) {
		v, ok := key.Of(c)
		assert.False(t, ok)
		assert.Empty(t, v)
		key.Set(c, "")
		v, ok = key.Get()
		assert.True(t, ok, "a zero value is set")
		assert.Empty(t, v)
		_, ok = twin.Get()
		assert.False(t, ok, "a key of its own")
		twin.Set(c, "twin")
		key.Set(c, "a")
		key.Set(c, "b")
		assert.Equal(t, "b", key.GetOrFail())
		assert.Equal(t, "twin", twin.GetOrFail())
		failure.Set(c, nil)
		err, ok := failure.Of(c)
		assert.True(t, ok && err == nil, "nil is set")
		pointer.Set(c, nil)
		p, ok := pointer.Of(c)
		assert.True(t, ok && p == nil)
		anything.Set(c, (*int)(nil))
		a, ok := anything.Of(c)
		assert.True(t, ok && a != nil, "a typed nil stays one")
		anything.Set(c, []int{1}) // cannot be compared
		anything.Set(c, []int{2})
		assert.Equal(t, []int{2}, anything.GetOrFail())
		failure.Set(c, errors.New("x"))
		assert.EqualError(t, failure.GetOrFail(), "x")

		inRequest(func(inner *httpctx.Context) { assert.Equal(t, "b", key.GetOrFail()) })
		join(gls.Go, func() { key.Set(c, "c") })
		assert.Equal(t, "c", key.GetOrFail(), "seen by every goroutine of the request")
	})
	inRequest(func(c *httpctx.Context) {
		_, ok := key.Get()
		assert.False(t, ok, "another request")
	})
	v, ok := key.Get()
	assert.False(t, ok)
	assert.Empty(t, v)
}

// What GetOrFail of a key panics with.
func TestKeyGetOrFail(t *testing.T) {
	key := httpctx.NewKey[int]("user")
	inRequest(func(*httpctx.Context) {
		var notSet *gls.NotSetError
		err, _ := panicOf(func() { key.GetOrFail() }).(error)
		require.ErrorAs(t, err, &notSet)
		assert.Same(t, notSet, err)
		assert.Equal(t, "user", notSet.Storage)
		assert.False(t, notSet.Lost)
		assert.ErrorIs(t, err, gls.ErrNotSet)
		assert.EqualError(t, err, `httpctx: the request GET /in has no value for key "user": whatever sets it, a middleware, say, `+
			`has not run before this`)
		assert.NotZero(t, notSet.Goroutine)
		unnamed := httpctx.NewKey[int]("")
		assert.ErrorContains(t, panicOf(func() { unnamed.GetOrFail() }).(error), "has no value for a key without a name: ")
		httpctx.RunOutside(func() {
			var none *httpctx.Error
			require.ErrorAs(t, panicOf(func() { key.GetOrFail() }).(error), &none)
			assert.ErrorIs(t, none, httpctx.ErrNoRequest)
		})
	})
}

// A client chooses the path: the text is one line all the same, in detached work and below another Middleware too.
func TestKeyGetOrFailIsOneLine(t *testing.T) {
	key := httpctx.NewKey[int]("user")
	text := func() string { return panicOf(func() { key.GetOrFail() }).(error).Error() }
	httpctx.Run(httptest.NewRecorder(), newRequest("/a%0AERROR%20forged"), func() {
		for _, start := range []func(fn func()){func(fn func()) { fn() }, gls.Go, httpctx.GoDetached} {
			join(start, func() { assert.Contains(t, text(), "the request GET /a%0AERROR%20forged has no value for key") })
		}
		inRequest(func(*httpctx.Context) { assert.Contains(t, text(), "the request GET /in has") })
	})
}

func TestKeyConcurrently(t *testing.T) {
	const setters, each = 4, 50
	for range 20 {
		var keys [setters][each]*httpctx.Key[int]
		inRequest(func(c *httpctx.Context) {
			var group sync.WaitGroup
			begin := make(chan struct{})
			for i := range setters {
				group.Go(func() {
					<-begin
					for j := range each {
						k := httpctx.NewKey[int]("k")
						keys[i][j] = k
						k.Set(c, -1)
						k.Set(c, j)
						if v, ok := k.Of(c); !ok || v != j {
							t.Errorf("%d %t instead of %d", v, ok, j)
						}
					}
				})
			}
			close(begin)
			group.Wait()
			for _, keys := range keys {
				for j, k := range keys {
					v, ok := k.Get()
					require.True(t, ok, "no Set is lost")
					require.Equal(t, j, v)
				}
			}
		})
	}
}

func TestKeyLookupSaysWhyThereIsNoValue(t *testing.T) {
	key := httpctx.NewKey[*int]("user")
	httpctx.RunOutside(func() {
		_, err := key.Lookup()
		var e *httpctx.Error
		require.ErrorAs(t, err, &e, "no request")
	})
	httpctx.Run(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/posts/7", nil), func() {
		_, err := key.Lookup()
		var e *gls.NotSetError
		require.ErrorAs(t, err, &e)
		assert.ErrorIs(t, err, gls.ErrNotSet)
		assert.Contains(t, err.Error(), `the request GET /posts/7 has no value for key "user"`)

		key.Set(httpctx.GetOrFail(), nil)
		v, err := key.Lookup()
		require.NoError(t, err, "nil is a value")
		assert.Nil(t, v)
		assert.NotPanics(t, func() { key.GetOrFail() })

		done := make(chan error)
		go func() { _, err := key.Lookup(); done <- err }()
		if gls.Propagation() == gls.Inherited {
			assert.NoError(t, <-done)
		} else {
			assert.ErrorIs(t, <-done, httpctx.ErrLost)
		}
	})
}

func TestKeyDeleteTakesTheValueFromTheWholeRequest(t *testing.T) {
	user, other := httpctx.NewKey[string]("user"), httpctx.NewKey[string]("user")
	httpctx.Run(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil), func() {
		outer := httpctx.GetOrFail()
		user.Delete(outer) // nothing to delete
		user.Set(outer, "Ada")
		other.Set(outer, "Bob")
		detached, deleted := make(chan struct{}), make(chan struct{})
		httpctx.GoDetached(func() {
			defer close(detached)
			<-deleted
			name, ok := user.Get()
			assert.Equal(t, "Ada", name, "a detached request has the keys that were set before")
			assert.True(t, ok)
		})
		httpctx.Run(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/inner", nil), func() {
			user.Delete(httpctx.GetOrFail())
			user.Delete(httpctx.GetOrFail())
		})
		close(deleted)
		<-detached
		_, ok := user.Get()
		assert.False(t, ok)
		name, ok := other.Get()
		assert.True(t, ok)
		assert.Equal(t, "Bob", name)
		user.Set(outer, "Eve")
		assert.Equal(t, "Eve", user.GetOrFail())
	})
}

// Sets and deletes of different keys by many goroutines lose nothing.
func TestKeyDeleteIsSafeForConcurrentUse(t *testing.T) {
	kept := make([]*httpctx.Key[int], 50)
	for i := range kept {
		kept[i] = httpctx.NewKey[int](strconv.Itoa(i))
	}
	httpctx.Run(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil), func() {
		c := httpctx.GetOrFail()
		var all sync.WaitGroup
		for i, key := range kept {
			all.Go(func() {
				gone := httpctx.NewKey[int]("gone")
				for range 20 {
					gone.Set(c, i)
					key.Set(c, i)
					gone.Delete(c)
					_, ok := gone.Of(c)
					assert.False(t, ok)
				}
			})
		}
		all.Wait()
		for i, key := range kept {
			v, ok := key.Of(c)
			assert.True(t, ok)
			assert.Equal(t, i, v)
		}
	})
}

func TestKeyBadUse(t *testing.T) {
	var key *httpctx.Key[int]
	for method, call := range map[string]func(){
		"Lookup": func() { _, _ = key.Lookup() },
		"Delete": func() { key.Delete(nil) },
		"String": func() { _ = key.String() },
	} {
		assert.PanicsWithValue(t, "httpctx.Key."+method+": called on a nil *Key", call)
	}
	assert.PanicsWithValue(t, "httpctx.Key.Delete: nil *Context", func() { httpctx.NewKey[int]("k").Delete(nil) })
	assert.Equal(t, "httpctx.Key[int](k)", httpctx.NewKey[int]("k").String())
	assert.Equal(t, "httpctx.Key[string]", httpctx.NewKey[string]("").String())
	assert.False(t, reflect.TypeFor[httpctx.Key[int]]().ConvertibleTo(reflect.TypeFor[httpctx.Key[string]]()))
}
