// Package a installs what adds the request to log lines and to outgoing requests, and loses it.
package a

import (
	"context"
	"log/slog"
	"net/http"
	"os"
	"time"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/httpctx"
)

var client = &http.Client{Transport: httpctx.Transport(nil)}

var logger = slog.New(httpctx.LogHandler(slog.NewTextHandler(os.Stdout, nil)))

func handler(w http.ResponseWriter, r *http.Request) {
	slog.Info("in the handler")
	go slog.Info("charged") // want `^the go statement starts a goroutine that logs with slog.Info, and the line has no request_id: start it with httpctx.GoDetached$`
	go func() {             // want `logs with logger.Warn`
		time.Sleep(1)
		logger.Warn("late")
	}()
	go func() { // want `sends with client.Get, and the request has no X-Request-ID: start it with httpctx.GoDetached$`
		_, _ = client.Get("http://example.com")
	}()
	go func() { _, _ = http.Get("http://example.com") }() // want `sends with http.Get`
	go func() { _, _ = client.Do(r) }()                   // want `sends with client.Do`
	go log()                                              // want `logs with slog.Error`
	time.AfterFunc(1, log)                                // want `^time.AfterFunc runs a function on a goroutine that logs with slog.Error, .*: use httpctx.AfterFuncDetached$`
	done := make(chan bool)
	go func() { // want `start it with gls.Go$`
		defer close(done)
		slog.Info("")
	}()
	<-done
	below()
	with(r.Context(), httpctx.GetOrFail())
}

func log() { slog.Error("") }

// It is called by a handler.
func below() {
	go log() // want `logs with slog.Error`
}

func with(ctx context.Context, c *httpctx.Context) {
	go slog.InfoContext(ctx, "")                  // ok: the ctx may have the request
	go slog.InfoContext(context.Background(), "") // want `logs with slog.InfoContext`
	id := c.Logger().With("a", 1)
	go id.Info("")         // ok: this logger has the id
	go c.Logger().Info("") // ok: this logger has the id
	gls.Go(log)            // ok: it is carried
	httpctx.GoDetached(log)
	go gls.Bind(log)()                                     // ok: it is carried
	go func() { httpctx.RunOutside(log) }()                // ok: it asks for no request
	go func() { httpctx.GetOrFail(); slog.Info("") }()     // ok: barego reports it
	go func() { slog.SetDefault(slog.Default()) }()        // ok: no line
	go func() { _, _ = http.NewRequest("GET", "", nil) }() // ok: nothing is sent
	//ambient:detached it counts for all requests
	go log()
}

// Ok: it starts a server and serves nobody.
func main() {
	go func() {
		slog.Info("listening")
		_ = http.ListenAndServe(":80", httpctx.Middleware(http.HandlerFunc(handler)))
	}()
	go log()
}
