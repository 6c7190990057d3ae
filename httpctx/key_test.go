package httpctx_test

import (
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
