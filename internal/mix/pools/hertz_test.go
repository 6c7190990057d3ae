package pools_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bytedance/gopkg/util/gopool"
	"github.com/cloudwego/hertz/pkg/app"
	"github.com/cloudwego/hertz/pkg/app/server"
	"github.com/cloudwego/hertz/pkg/common/hlog"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/internal/mix"
)

// Hertz serves on the workers of gopool, which handlers use as well: a request may begin on a
// worker that another request started.
func TestHertz(t *testing.T) {
	hlog.SetOutput(io.Discard)
	both(t, func(t *testing.T, stays bool) {
		l := mix.NewLedger()
		var r result
		var pending sync.WaitGroup
		begun, end := make(chan bool), make(chan bool)
		h := server.New(server.WithHostPorts(address(t)), server.WithDisablePrintRoute(true),
			server.WithExitWaitTime(50*time.Millisecond))
		h.GET("/", func(_ context.Context, c *app.RequestContext) {
			l.CheckHere("a request's begin")
			id := c.Query("id")
			l.In(id, func() {
				for range 2 {
					pending.Add(1)
					gopool.Go(func() {
						defer pending.Done()
						r.check(l, id)
					})
				}
				if id == "Ada" {
					close(begun)
					if stays {
						<-end
					}
				}
			})
			l.CheckHere("a request's end")
			c.String(http.StatusOK, "%s", id)
		})
		gls.Isolate(func() { go func() { _ = h.Run() }() })
		base := "http://" + h.GetOptions().Addr
		require.Eventually(t, h.IsRunning, time.Minute, time.Millisecond)

		get := func(client *http.Client, id string) {
			resp, err := client.Get(base + "/?id=" + id)
			if !assert.NoError(t, err) {
				return
			}
			defer resp.Body.Close()
			text, err := io.ReadAll(resp.Body)
			assert.NoError(t, err)
			assert.Equal(t, id, string(text))
		}
		var clients sync.WaitGroup
		clients.Go(func() { get(new(http.Client), "Ada") })
		<-begun
		if !stays {
			clients.Wait()
		}
		var n atomic.Int64
		var others sync.WaitGroup
		for range 8 {
			others.Go(func() {
				client := &http.Client{Transport: new(http.Transport)}
				defer client.CloseIdleConnections()
				for {
					n := n.Add(1)
					if n > tasks {
						return
					}
					if n%10 == 0 {
						client.CloseIdleConnections() // so that a worker takes a new connection
					}
					get(client, fmt.Sprint("Bob-", n))
				}
			})
		}
		others.Wait()
		finish(t, &pending)
		close(end)
		clients.Wait()
		assert.Empty(t, l.Kept(), "kept of requests that are over, while the server runs")
		require.NoError(t, h.Shutdown(t.Context()))
		t.Log(&r)
		_, none, another := l.Of("a request's begin")
		assert.NotZero(t, none)
		assert.Zero(t, another)
		assert.Zero(t, r.another.Load())
		assert.Empty(t, l.Faults())
	})
}

// address returns a free address on the loopback interface.
func address(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}
