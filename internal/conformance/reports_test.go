package conformance_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"weak"

	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glslog"
	"github.com/ambient-go/ambient/httpctx"
)

func TestConformanceReports(t *testing.T) {
	inEveryState(t, reportRows)
	// They wait for what others do, or use the whole process, in which package signal has one goroutine for ever.
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt)
	signal.Stop(signals)
	inOneState(t, slowReportRows)
	t.Run("B-11 more parallel subtests than run at a time", func(t *testing.T) {
		s := gls.New[string]("")
		s.Run("v", func() {
			for range 20 {
				t.Run("subtest", func(t *testing.T) {
					t.Parallel()
					time.Sleep(time.Millisecond)
					plainSees(&probe{t: t}, "v", s)
				})
			}
		})
	})
}

// reportRows are of faults that users reported against other libraries.
var reportRows = []row{
	{"B-01 panic and Goexit that replace one another", func(t *probe) {
		s := fresh[string](t)
		inGo(func() {
			defer unset(t, s)
			s.Run("1", func() {
				defer sees(t, "1", s)
				s.Run("2", func() {
					defer func() {
						assert.Equal(t, "panic", recover())
						sees(t, "2", s)
						runtime.Goexit()
					}()
					panic("panic")
				})
			})
		})
		inGo(func() {
			defer func() {
				assert.Equal(t, "instead of Goexit", recover())
				unset(t, s)
			}()
			s.Run("1", func() {
				defer func() {
					sees(t, "1", s)
					s.Run("in a deferred function", func() { s.Enter("never left") })
					sees(t, "1", s)
				}()
				s.Run("2", func() {
					defer func() { panic("instead of Goexit") }()
					runtime.Goexit()
				})
			})
		})
		s.Run("1", func() {
			assert.Equal(t, "first", caught(func() {
				s.Run("2", func() {
					defer func() { s.Enter("entered while panicking") }()
					defer sees(t, "entered", s)
					s.Enter("entered")
					panic("first")
				})
			}))
			sees(t, "1", s)
		})
	}},
	{"B-02 an asynchronous appender shows the attributes of the log call", func(t *probe) {
		user := fresh[string](t)
		var out bytes.Buffer
		queue := &lateHandler{Handler: slog.NewTextHandler(&out, nil), late: new([]func())}
		logger := slog.New(glslog.Handler(queue, glslog.Show("user", user)))
		for _, name := range []string{"ada", "bob"} {
			user.Run(name, func() { glslog.Run(func() { logger.Info("text") }, slog.String("mdc", name)) })
		}
		user.Run("flusher", func() {
			glslog.Run(func() {
				for _, handle := range *queue.late {
					handle()
				}
			}, slog.String("mdc", "flusher"))
		})
		lines := strings.Split(out.String(), "\n")
		assert.Contains(t, lines[0], "user=ada")
		assert.Contains(t, lines[0], "mdc=ada")
		assert.Contains(t, lines[1], "user=bob")
		assert.Contains(t, lines[1], "mdc=bob")
		assert.NotContains(t, out.String(), "flusher")
	}},
	{"B-03 workers that receive by reflection", func(t *probe) {
		s := fresh[string](t)
		for name, receive := range map[string]func(tasks reflect.Value) (reflect.Value, bool){
			"Recv": func(tasks reflect.Value) (reflect.Value, bool) { return tasks.Recv() },
			"Select": func(tasks reflect.Value) (reflect.Value, bool) {
				_, task, ok := reflect.Select([]reflect.SelectCase{{Dir: reflect.SelectRecv, Chan: tasks}})
				return task, ok
			},
			"TryRecv": func(tasks reflect.Value) (task reflect.Value, ok bool) {
				for !ok && !task.IsValid() {
					runtime.Gosched()
					task, ok = tasks.TryRecv()
				}
				return task, ok
			},
		} {
			tasks, ended := make(chan func()), make(chan struct{})
			s.Run("of its creator", func() {
				go func() {
					defer close(ended)
					for {
						task, ok := receive(reflect.ValueOf(tasks))
						if !ok {
							return
						}
						task.Interface().(func())()
					}
				}()
			})
			for range 2 {
				s.Run("of the task", func() {
					seen := make(chan struct{})
					tasks <- func() {
						unset(t, s, name)
						close(seen)
					}
					<-seen
				})
			}
			close(tasks)
			<-ended
		}
	}},
	{"B-04 each handler in a chain of servers and proxies sees its own request", func(t *probe) {
		id := func() string { return httpctx.GetOrFail().ID() }
		back := httptest.NewServer(httpctx.Middleware(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, id())
		})))
		defer back.Close()
		target, err := url.Parse(back.URL)
		assert.NoError(t, err)
		var rewritten, modified string
		pool := &http.Transport{}
		defer pool.CloseIdleConnections()
		front := httptest.NewServer(httpctx.Middleware(&httputil.ReverseProxy{
			Rewrite:        func(r *httputil.ProxyRequest) { r.SetURL(target); rewritten = id() },
			ModifyResponse: func(*http.Response) error { modified = id(); return nil },
			Transport:      httpctx.Transport(pool),
		}))
		defer front.Close()
		for i := range 3 {
			want := fmt.Sprint("id", i)
			r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, front.URL, http.NoBody)
			assert.NoError(t, err)
			r.Header.Set("X-Request-ID", want)
			resp, err := front.Client().Do(r)
			if !assert.NoError(t, err) {
				return
			}
			text, err := io.ReadAll(resp.Body)
			assert.NoError(t, err)
			assert.NoError(t, resp.Body.Close())
			assert.Equal(t, []string{want, want, want}, []string{string(text), rewritten, modified})
		}
	}},
	{"B-05 hooks of a server and of a client's connections show no request", func(t *probe) {
		s := fresh[string](t)
		var mu sync.Mutex
		called := map[string]bool{}
		hook := func(what string) {
			mu.Lock()
			defer mu.Unlock()
			called[what] = true
			unset(t, s, what)
			_, ok := httpctx.Get()
			assert.False(t, ok, what)
		}
		server := httptest.NewUnstartedServer(httpctx.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			s.Enter("of the handler")
			_, _ = io.Copy(io.Discard, r.Body)
			if r.URL.Path == "/panic" {
				panic("reported by ErrorLog")
			}
		})))
		server.Config.ErrorLog = log.New(callbackWriter{io.Discard, func() { hook("ErrorLog") }}, "", 0)
		server.Config.ConnState = func(net.Conn, http.ConnState) { hook("ConnState") }
		server.Config.ConnContext = func(ctx context.Context, _ net.Conn) context.Context {
			hook("ConnContext")
			return ctx
		}
		server.Config.BaseContext = func(net.Listener) context.Context {
			hook("BaseContext")
			return context.Background()
		}
		s.Run("of the start", server.Start)
		trace := httptrace.WithClientTrace(context.Background(), &httptrace.ClientTrace{
			ConnectDone:          func(string, string, error) { hook("ConnectDone") },
			GotFirstResponseByte: func() { hook("GotFirstResponseByte") },
			PutIdleConn:          func(error) { hook("PutIdleConn") },
			WroteRequest:         func(httptrace.WroteRequestInfo) { hook("WroteRequest") },
		})
		for i := range 6 {
			s.Run("of the client", func() {
				r, err := http.NewRequestWithContext(trace, http.MethodPost, server.URL+[]string{"/", "/panic"}[i%2],
					strings.NewReader("body"))
				assert.NoError(t, err)
				if resp, err := server.Client().Do(r); err == nil {
					_, err = io.Copy(io.Discard, resp.Body)
					assert.NoError(t, err)
					assert.NoError(t, resp.Body.Close())
				}
			})
		}
		server.Close()
		mu.Lock()
		defer mu.Unlock()
		for _, what := range []string{
			"ErrorLog", "ConnState", "ConnContext", "BaseContext", "ConnectDone", "GotFirstResponseByte", "PutIdleConn", "WroteRequest",
		} {
			assert.True(t, called[what], what)
		}
	}},
	{"B-06 an accept loop that is started in a scope", func(t *probe) {
		s := fresh[string](t)
		listen := func(serve func(func())) (dial func() string) {
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			assert.NoError(t, err)
			t.t.Cleanup(func() { _ = listener.Close() })
			seen := make(chan string)
			s.Run("of the loop", func() {
				serve(func() {
					go func() {
						defer close(seen)
						for {
							conn, err := listener.Accept()
							if err != nil {
								return
							}
							go func() {
								got, _ := s.Get()
								seen <- got
								_ = conn.Close()
							}()
						}
					}()
				})
			})
			return func() string {
				var got string
				s.Run("of the caller", func() {
					conn, err := net.Dial("tcp", listener.Addr().String())
					if assert.NoError(t, err) {
						got = <-seen
						assert.NoError(t, conn.Close())
						assert.NoError(t, listener.Close())
						<-seen
					}
				})
				return got
			}
		}
		inherits := listen(func(start func()) { start() })
		if gls.Propagation() == gls.Inherited {
			assert.Equal(t, "of the loop", inherits())
		} else {
			assert.Empty(t, inherits())
		}
		isolated := listen(gls.Isolate)
		assert.Empty(t, isolated())
	}},
}

var slowReportRows = []row{
	{"B-07 a chain of tasks, each started by the one before it", func(t *probe) {
		const length = 5000
		s, other := gls.New[*store](""), gls.New[int]("")
		var mu sync.Mutex
		var held []weak.Pointer[store]
		done := make(chan struct{})
		var step func(n int)
		step = func(n int) {
			if n == 0 {
				close(done)
				return
			}
			value := newStore()
			mu.Lock()
			held = append(held, weak.Make(value))
			mu.Unlock()
			s.Run(value, func() {
				other.Enter(n)
				if n%2 == 0 {
					go step(n - 1)
				} else {
					gls.Go(func() { step(n - 1) })
				}
			})
		}
		apart(func() { step(length) })
		<-done
		assert.True(t, poll(func(int) bool {
			runtime.GC()
			return !slices.ContainsFunc(held, func(w weak.Pointer[store]) bool { return w.Value() != nil })
		}))
	}},
	{"B-08 a task that outlives its request calls the standard library", func(t *probe) {
		s := fresh[string](t)
		server, _ := countingServer()
		defer server.Close()
		over, ended := make(chan struct{}), make(chan struct{})
		s.Run("request's", func() {
			go func() {
				defer close(ended)
				<-over
				for range 3 {
					resp, err := server.Client().Get(server.URL) //nolint:noctx // the server answers at once
					if assert.NoError(t, err) {
						assert.NoError(t, resp.Body.Close())
					}
					plainSees(t, "request's", s)
				}
				_, err := net.DefaultResolver.LookupHost(context.Background(), "localhost")
				assert.NoError(t, err)
				plainSees(t, "request's", s)
			}()
		})
		close(over)
		<-ended
	}},
	{"B-09 a worker whose tasks lie in a list is woken by a signal", func(t *probe) {
		s := fresh[string](t)
		var mu sync.Mutex
		var tasks []func()
		wake, ended := make(chan struct{}, 1), make(chan struct{})
		s.Run("of its creator", func() {
			go func() {
				defer close(ended)
				for range wake {
					mu.Lock()
					now := tasks
					tasks = nil
					mu.Unlock()
					for _, task := range now {
						task()
					}
				}
			}()
		})
		for range 3 {
			seen := make(chan struct{})
			time.Sleep(10 * time.Millisecond) // the worker waits
			s.Run("of the task", func() {
				mu.Lock()
				tasks = append(tasks, func() {
					unset(t, s)
					close(seen)
				})
				mu.Unlock()
				wake <- struct{}{}
				<-seen
			})
		}
		close(wake)
		<-ended
	}},
	{"B-10 signals of the system and the end of a command", func(t *probe) {
		s := fresh[string](t)
		signals := make(chan os.Signal, 1)
		s.Run("of Notify", func() { signal.Notify(signals, os.Interrupt) })
		defer signal.Stop(signals)
		self, err := os.FindProcess(os.Getpid())
		assert.NoError(t, err)
		var ctx context.Context
		var stop context.CancelFunc
		ended := make(chan struct{})
		s.Run("of NotifyContext", func() {
			ctx, stop = signal.NotifyContext(context.Background(), os.Interrupt)
			context.AfterFunc(ctx, func() {
				defer close(ended)
				plainSees(t, "of NotifyContext", s)
			})
		})
		defer stop()
		s.Run("of the sender", func() { assert.NoError(t, self.Signal(os.Interrupt)) })
		<-signals
		<-ended
		unset(t, s)
		cat, err := exec.LookPath("cat")
		if err != nil {
			return
		}
		ctx, cancel := context.WithCancel(context.Background())
		cmd := exec.CommandContext(ctx, cat)
		cmd.Cancel = func() error {
			plainSees(t, "of Start", s, "never of the canceller")
			return cmd.Process.Kill()
		}
		s.Run("of Start", func() {
			_, err := cmd.StdinPipe()
			assert.NoError(t, err)
			assert.NoError(t, cmd.Start())
			s.Run("of the canceller", func() { inGo(cancel) })
			assert.Error(t, cmd.Wait())
			sees(t, "of Start", s)
		})
	}},
}

// A lateHandler handles records when the queue is run.
type lateHandler struct {
	slog.Handler

	late *[]func()
}

func (h *lateHandler) Handle(ctx context.Context, r slog.Record) error {
	*h.late = append(*h.late, func() { _ = h.Handler.Handle(ctx, r.Clone()) })
	return nil
}

func (h *lateHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &lateHandler{h.Handler.WithAttrs(attrs), h.late}
}

func (h *lateHandler) WithGroup(name string) slog.Handler {
	return &lateHandler{h.Handler.WithGroup(name), h.late}
}
