package framework

import (
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/httpctx"
)

// A write to the Writer of a request is in the framework's response.
func testWriter(t *testing.T, f Framework) {
	get := func(fn func(c Call, w http.ResponseWriter)) (*http.Response, string) {
		return f.inRequest(t, http.MethodGet, "/work/1", nil, func(c Call) { fn(c, httpctx.GetOrFail().Writer()) })
	}

	response, text := get(func(c Call, w http.ResponseWriter) {
		c.SetHeader("X-Mine", "the framework's")
		c.SetHeader("X-Dropped", "the framework's")
		c.SetHeader("X-Kept", "the framework's")
		w.Header().Set("X-Mine", "the Writer's")
		w.Header()["X-Dropped"] = nil
		w.Header().Add("X-Twice", "1")
		w.Header().Add("X-Twice", "2")
		w.Header().Set("Content-Type", "text/x-own")
		http.SetCookie(w, &http.Cookie{Name: "a", Value: "1"})
		http.SetCookie(w, &http.Cookie{Name: "b", Value: "2"})
		w.WriteHeader(http.StatusEarlyHints)
		w.WriteHeader(http.StatusTeapot)
		w.WriteHeader(http.StatusGone)
		w.Header().Set("X-Late", "1")
		n, err := io.WriteString(w, "half")
		assert.NoError(t, err)
		assert.Equal(t, 4, n)
		c.Write(" and half")
	})
	assert.Equal(t, http.StatusTeapot, response.StatusCode)
	assert.Equal(t, []string{"the Writer's"}, response.Header["X-Mine"])
	assert.Equal(t, []string{"the framework's"}, response.Header["X-Kept"])
	assert.NotContains(t, response.Header, "X-Dropped")
	assert.NotContains(t, response.Header, "X-Late")
	assert.Equal(t, []string{"1", "2"}, response.Header["X-Twice"])
	assert.Equal(t, []string{"text/x-own"}, response.Header["Content-Type"])
	assert.Len(t, response.Cookies(), 2)
	assert.Equal(t, "half and half", text)

	// Header fields without a Write are in the response as well, and the status of the framework
	// stays.
	response, text = get(func(c Call, w http.ResponseWriter) {
		c.SetStatus(http.StatusCreated)
		w.Header().Set("X-Mine", "1")
		c.Write("created")
	})
	assert.Equal(t, http.StatusCreated, response.StatusCode)
	assert.Equal(t, "1", response.Header.Get("X-Mine"))
	assert.Equal(t, "created", text)

	get(func(_ Call, w http.ResponseWriter) {
		_, flusher := w.(http.Flusher)
		_, hijacker := w.(http.Hijacker)
		_, pusher := w.(http.Pusher)
		assert.False(t, flusher || hijacker || pusher, "it says what it cannot do")
		control := http.NewResponseController(w)
		err := control.Flush()
		assert.ErrorIs(t, err, http.ErrNotSupported)
		assert.ErrorContains(t, err, "the framework's own stream")
		_, _, err = control.Hijack()
		assert.ErrorIs(t, err, http.ErrNotSupported)
		assert.PanicsWithValue(t, "httpctx: WriteHeader: invalid status 99", func() { w.WriteHeader(99) })
	})

	// A handler of net/http serves the request.
	response, text = get(func(_ Call, w http.ResponseWriter) {
		httpctx.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			http.Error(w, r.URL.Path+" "+httpctx.GetOrFail().ID(), http.StatusConflict)
		})).ServeHTTP(w, httpctx.GetOrFail().Request())
	})
	assert.Equal(t, http.StatusConflict, response.StatusCode)
	assert.Contains(t, text, "/work/1 ")
}

// The end waits for a write in progress; then the Writer is closed.
func testWriterAfterwards(t *testing.T, f Framework) {
	var held http.ResponseWriter
	wrote := make(chan error, 1)
	response, text := f.inRequest(t, http.MethodGet, "/work/1", nil, func(Call) {
		held = httpctx.GetOrFail().Writer()
		started := make(chan struct{})
		gls.Go(func() {
			close(started)
			for {
				if _, err := io.WriteString(held, "x"); err != nil {
					wrote <- err
					return
				}
			}
		})
		<-started
	})
	assert.ErrorIs(t, <-wrote, httpctx.ErrFinished)
	assert.EqualValues(t, len(text), response.ContentLength)
	held.Header().Set("X-Late", "1")
	held.WriteHeader(http.StatusTeapot)
	assert.ErrorIs(t, http.NewResponseController(held).Flush(), httpctx.ErrFinished)
}

func testOtherAnswers(t *testing.T, f Framework) {
	var ids, lost int
	url := f.serve(t, App{
		Inside: func(next func()) {
			if _, err := httpctx.Lookup(); err != nil {
				lost++
			}
			next()
			ids++
		},
		Handle: func(c Call) { fmt.Fprint(httpctx.GetOrFail().Writer(), "body") },
	})
	c := client(t)
	response, text := send(t, c, http.MethodHead, url+"/work/1", nil)
	assert.Equal(t, http.StatusOK, response.StatusCode)
	assert.EqualValues(t, 4, response.ContentLength)
	assert.Empty(t, text)
	response, _ = send(t, c, http.MethodGet, url+"/nothing/here", nil)
	assert.Equal(t, http.StatusNotFound, response.StatusCode)
	response, _ = send(t, c, http.MethodPut, url+"/work/1", nil)
	assert.Equal(t, f.MethodNotAllowed, response.StatusCode)
	assert.Equal(t, 3, ids, "Middleware is part of all answers")
	assert.Zero(t, lost)
	response, text = send(t, c, http.MethodGet, url+"/work/1", nil)
	require.Equal(t, http.StatusOK, response.StatusCode)
	assert.Equal(t, "body", text)
}

// The framework writes a stream on a goroutine of its own, when the handler has returned.
func testStreams(t *testing.T, f Framework) {
	_, text := f.inRequest(t, http.MethodGet, "/work/1", nil, func(c Call) {
		held := httpctx.GetOrFail()
		user.Set(held, "ada")
		tenant.Run("acme", func() {
			bound := gls.Bind(func(w io.Writer) {
				_, ok := httpctx.Get()
				name, _ := user.Of(held)
				of, _ := tenant.Get()
				fmt.Fprint(w, " ", ok && !held.Finished(), " ", name, " ", of)
			})
			c.Stream(func(w io.Writer) {
				_, ok := httpctx.Get()
				fmt.Fprint(w, ok, " ", gls.Capture() == gls.Snapshot{})
				bound(w)
			})
		})
	})
	assert.Contains(t, []string{"false true false ada acme", "false true true ada acme"}, text,
		"the second where the framework has begun with the stream already")
}
