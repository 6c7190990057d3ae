package web_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/coder/websocket"

	"github.com/ambient-go/ambient/gls"
)

// site returns the handler of the servers, inside of Serve.
func (w *world) site() http.Handler {
	mux := http.NewServeMux()
	handle := func(path string, fn func(rw http.ResponseWriter, r *http.Request, id string)) {
		mux.HandleFunc(path, func(rw http.ResponseWriter, r *http.Request) {
			id := r.Header.Get("X-Request-ID")
			w.Must("handler of "+path, id)
			w.children(r.Context(), id)
			fn(&writer{rw, w, id}, r, id)
			w.Must("handler of "+path+", at its end", id)
		})
	}
	handle("/echo", func(rw http.ResponseWriter, r *http.Request, id string) {
		if _, err := io.Copy(io.Discard, r.Body); err == nil {
			fmt.Fprint(rw, id)
		}
	})
	handle("/slow", func(rw http.ResponseWriter, r *http.Request, id string) {
		select {
		case <-r.Context().Done():
		case <-time.After(short()):
			fmt.Fprint(rw, id)
		}
	})
	handle("/stream", func(rw http.ResponseWriter, r *http.Request, id string) {
		for range 20 {
			w.Must("handler that streams", id)
			if _, err := fmt.Fprintln(rw, id); err != nil || r.Context().Err() != nil {
				return
			}
			rw.(http.Flusher).Flush()
			time.Sleep(time.Millisecond)
		}
	})
	handle("/die", func(rw http.ResponseWriter, r *http.Request, id string) {
		if rand.IntN(3) == 0 {
			panic(http.ErrAbortHandler)
		}
		_, _ = io.Copy(io.Discard, r.Body)
		if c, _, err := http.NewResponseController(rw).Hijack(); err == nil && rand.IntN(2) == 0 {
			c.Close()
			return
		} else if err == nil {
			fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(id), id)
			w.children(context.Background(), id)
			c.Close() // although the client may use it again
			return
		}
		fmt.Fprint(rw, id)
	})
	handle("/boom", func(http.ResponseWriter, *http.Request, string) { panic("boom") })
	handle("/twice", func(rw http.ResponseWriter, _ *http.Request, id string) {
		rw.WriteHeader(http.StatusOK)
		rw.WriteHeader(http.StatusTeapot) // is logged
		fmt.Fprint(rw, id)
	})
	handle("/hint", func(rw http.ResponseWriter, _ *http.Request, id string) {
		rw.Header().Set("Link", "</style.css>; rel=preload")
		rw.WriteHeader(http.StatusEarlyHints)
		fmt.Fprint(rw, id)
	})
	handle("/redirect", func(rw http.ResponseWriter, r *http.Request, id string) {
		http.Redirect(rw, r, "/echo?id="+id, http.StatusTemporaryRedirect)
	})
	handle("/cookie", func(rw http.ResponseWriter, _ *http.Request, id string) {
		http.SetCookie(rw, &http.Cookie{Name: "seen", Value: id})
		fmt.Fprint(rw, id)
	})
	handle("/content", func(rw http.ResponseWriter, r *http.Request, id string) {
		content := bytes.NewReader(bytes.Repeat([]byte(id+" "), 500))
		http.ServeContent(rw, r, "a.txt", time.Time{}, &body{w, "content", id, content})
	})
	handle("/unread", func(rw http.ResponseWriter, _ *http.Request, id string) { fmt.Fprint(rw, id) })
	handle("/ends", func(rw http.ResponseWriter, r *http.Request, id string) {
		c := http.NewResponseController(rw)
		_ = c.SetReadDeadline(time.Now().Add(short()))
		_ = c.SetWriteDeadline(time.Now().Add(short()))
		_, _ = io.Copy(io.Discard, r.Body)
		fmt.Fprint(rw, id)
	})
	handle("/upgrade", w.upgrade)
	handle("/websocket", w.websocket)
	inner := w.Serve(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		id := r.Header.Get("X-Request-ID")
		w.Must("handler in TimeoutHandler and Middleware", id)
		w.children(r.Context(), id)
		time.Sleep(short())
		fmt.Fprint(&writer{rw, w, id}, id)
		w.Must("handler in TimeoutHandler and Middleware, at its end", id)
	}))
	bare := func(rw http.ResponseWriter, r *http.Request) {
		w.Check("handler in TimeoutHandler", r.Header.Get("X-Request-ID"))
		inner.ServeHTTP(rw, r)
		w.Check("handler in TimeoutHandler, at its end", r.Header.Get("X-Request-ID"))
	}
	mux.Handle("/timeout", http.TimeoutHandler(http.HandlerFunc(bare), 2*time.Millisecond, "late"))
	return mux
}

// upgrade changes to a protocol in which each line is sent back.
func (w *world) upgrade(rw http.ResponseWriter, r *http.Request, id string) {
	c, buffered, err := rw.(http.Hijacker).Hijack()
	if err != nil {
		http.Error(rw, err.Error(), http.StatusBadRequest)
		return
	}
	defer c.Close()
	fmt.Fprintf(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: %s\r\n\r\n", r.Header.Get("Upgrade"))
	for {
		line, err := buffered.ReadString('\n')
		w.Must("handler that hijacked", id)
		if err != nil {
			return
		}
		if line != id+"\n" {
			w.Fault("the server of %q was sent %q", id, line)
		}
		if _, err := c.Write([]byte(line)); err != nil {
			return
		}
	}
}

func (w *world) websocket(rw http.ResponseWriter, r *http.Request, id string) {
	c, err := websocket.Accept(rw, r, &websocket.AcceptOptions{
		OnPingReceived: func(context.Context, []byte) bool { w.Check("websocket.OnPingReceived, server", id); return true },
	})
	if err != nil {
		return
	}
	defer c.CloseNow()
	for {
		kind, text, err := c.Read(r.Context())
		w.Must("handler of a websocket", id)
		if err != nil || c.Write(r.Context(), kind, text) != nil {
			return
		}
	}
}

// children starts goroutines and timers that outlive a handler. Each checks its values some time
// later.
func (w *world) children(ctx context.Context, id string) {
	start := func(how string, run func(fn func())) {
		w.running.Add(1)
		run(func() {
			defer w.running.Add(-1)
			w.Check(how, id)
			time.Sleep(short())
			w.Check(how+", later", id)
			go w.Check("a grandchild", id)
		})
	}
	switch rand.IntN(7) {
	case 0:
		start("go", func(fn func()) { go fn() })
	case 1:
		start("gls.Go", gls.Go)
	case 2:
		start("sync.WaitGroup.Go", new(sync.WaitGroup).Go)
	case 3:
		start("time.AfterFunc", func(fn func()) { time.AfterFunc(short(), fn) })
	case 4:
		start("context.AfterFunc, cancelled by another request", func(fn func()) { context.AfterFunc(w.shared(), fn) })
	case 5:
		start("context.AfterFunc", func(fn func()) {
			ctx, cancel := context.WithTimeout(ctx, short())
			context.AfterFunc(ctx, func() { cancel(); fn() })
		})
	case 6:
		start("a timer that another request sets", func(fn func()) {
			timer := time.AfterFunc(time.Hour, fn)
			if old := w.timer.Swap(timer); old != nil {
				old.Reset(short())
			}
		})
	}
	if rand.IntN(4) == 0 {
		w.cancelShared()
	}
}

// short returns some milliseconds at most.
func short() time.Duration { return time.Duration(rand.IntN(4000)) * time.Microsecond }
