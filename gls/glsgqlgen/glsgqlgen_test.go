package glsgqlgen_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler/transport"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glsgqlgen"
	"github.com/ambient-go/ambient/gls/glsgqlgen/testdata/graph"
	"github.com/ambient-go/ambient/httpctx"
)

// fields is what is asked of a node. It gives 4 strings.
const fields = "seen again method guarded"

// everywhere is asked of a node: strings in lists, in lists of lists, below concurrent fields and below lists below those.
// It gives everywhereReads strings.
const everywhere = fields + " one{" + fields + "} children(n:3){" + fields + " one{" + fields + "}}" +
	" grid(n:2){" + fields + " children(n:2){" + fields + "}}"

const everywhereReads = 4 + 4 + 3*(4+4) + 4*(4+2*4)

// all asserts that got is name n times.
func all(t testing.TB, name string, n int, got []string) {
	t.Helper()
	assert.Len(t, got, n)
	for _, g := range got {
		assert.Equal(t, name, g)
	}
}

func TestAResponseHasItsRequestsValueInEveryField(t *testing.T) {
	url := start(t, &root{t: t, touch: func() {}})
	all(t, "ada", 2+everywhereReads, data(t, post(t, url, "ada", plainJSON, "{seen again node{"+everywhere+"}}")))
	all(t, "ada", everywhereReads, data(t, post(t, url, "ada", plainJSON, "mutation{touch{"+everywhere+"}}")))
}

// What the extension is for: the same server without it.
func TestWithoutTheExtensionFieldsOfListsHaveNoValue(t *testing.T) {
	if gls.Propagation() == gls.Inherited {
		t.Skip("gqlgen's goroutines inherit; what they lack without the extension is the field's ctx")
	}
	url := listen(t, newServer(&root{t: t}))
	got := strings.Join(data(t, post(t, url, "ada", plainJSON, "{node{children(n:3){seen}}}")), " ")
	assert.Contains(t, got, "nobody")
}

func TestDeferredFieldsHaveTheValue(t *testing.T) {
	url := start(t, &root{t: t})
	body := post(t, url, "ada", "multipart/mixed", "{node{id ...@defer{"+everywhere+"} one{id ...@defer{seen again}}}}")
	var got []string
	for _, part := range strings.Split(body, "\r\n") {
		if !strings.HasPrefix(part, "{") {
			continue
		}
		var message struct {
			Data, Errors any
			Incremental  []struct{ Data, Errors any }
		}
		require.NoError(t, json.Unmarshal([]byte(part), &message), part)
		assert.Nil(t, message.Errors)
		got = append(got, leaves(message.Data)...)
		for _, i := range message.Incremental {
			assert.Nil(t, i.Errors)
			got = append(got, leaves(i.Data)...)
		}
	}
	// The second `one` joins the first, so that its fields come once more or not, as gqlgen has it.
	assert.GreaterOrEqual(t, len(got), everywhereReads)
	all(t, "ada", len(got), got)
}

func TestServerSentEventsHaveTheValue(t *testing.T) {
	url := start(t, &root{t: t})
	body := post(t, url, "ada", "text/event-stream", "subscription{ticks(n:5){"+everywhere+"}}")
	events := 0
	for _, line := range strings.Split(body, "\n") {
		if text, ok := strings.CutPrefix(line, "data: "); ok && text != "" {
			events++
			all(t, "ada", everywhereReads, data(t, text))
		}
	}
	assert.Equal(t, 5, events)
}

func TestASubscriptionOverAWebsocketHasTheValueOfItsRequest(t *testing.T) {
	s := dial(t, start(t, &root{t: t, touch: func() {}}), "ada", nil)
	defer s.close()
	for _, operation := range []string{"subscription{ticks(n:5)", "{node", "mutation{touch"} {
		s.subscribe("1", operation+"{"+everywhere+"}}")
		events := 0
		for {
			_, body, ok := s.next()
			if !ok {
				break
			}
			events++
			all(t, "ada", everywhereReads, data(t, body))
		}
		assert.NotZero(t, events)
	}
}

// The goroutine of a websocket's operation begins with nothing.
func TestInterceptorsInsideRunInTheFrameOverAWebsocketToo(t *testing.T) {
	r := &root{t: t}
	srv := newServer(r)
	srv.Use(glsgqlgen.Extension{})
	var got []string
	srv.AroundOperations(func(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
		got = append(got, r.name())
		return next(ctx)
	})
	srv.AroundResponses(func(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
		got = append(got, r.name())
		return next(ctx)
	})
	srv.AroundRootFields(func(ctx context.Context, next graphql.RootResolver) graphql.Marshaler {
		got = append(got, r.name())
		return next(ctx)
	})
	s := dial(t, listen(t, srv), "ada", nil)
	defer s.close()
	s.subscribe("1", "{seen}")
	for ok := true; ok; {
		_, _, ok = s.next()
	}
	assert.GreaterOrEqual(t, len(got), 3)
	all(t, "ada", len(got), got)
}

// A websocket's InitFunc knows who has connected, and has nothing but the ctx to say it.
func TestTheFrameThatInitFuncPutsIntoTheCtxWins(t *testing.T) {
	for name, opts := range map[string][]httpctx.Option{
		"a plain ctx":                nil,
		"a ctx that carries a frame": {httpctx.WithRequestContext()},
	} {
		t.Run(name, func(t *testing.T) {
			r := &root{t: t, sockets: true}
			srv := newServer(r)
			srv.AddTransport(transport.Websocket{
				InitFunc: func(ctx context.Context, p transport.InitPayload) (context.Context, *transport.InitPayload, error) {
					frame := gls.Capture()
					if user := p.GetString("user"); user != "" {
						frame = frame.With(token.With(user))
					}
					return gls.NewContext(ctx, frame), nil, nil
				},
			})
			srv.Use(glsgqlgen.Extension{})
			var mu sync.Mutex
			var got []string
			r.inside = func(context.Context) {
				mu.Lock()
				defer mu.Unlock()
				user, _ := token.Get()
				got = append(got, user)
			}
			url := listen(t, srv, opts...)
			for _, user := range []string{"grace", ""} {
				got = nil
				s := dial(t, url, "ada", map[string]string{"user": user})
				s.subscribe("1", "subscription{ticks(n:2){children(n:2){seen}}}")
				for {
					_, body, ok := s.next()
					if !ok {
						break
					}
					all(t, "ada", 2, data(t, body))
				}
				s.close()
				all(t, user, 4, got)
			}
		})
	}
}

// What middlewares set by Run stands in the frame alone. It must not be lost to an older one that the ctx carries.
func TestTheFrameInForceIsNewerThanTheOneOfTheRequestsContext(t *testing.T) {
	srv := newServer(&root{t: t, touch: func() {}})
	srv.Use(glsgqlgen.Extension{})
	url := listen(t, srv, httpctx.WithRequestContext())
	all(t, "ada", everywhereReads, data(t, post(t, url, "ada", plainJSON, "{node{"+everywhere+"}}")))
	s := dial(t, url, "ada", nil)
	defer s.close()
	s.subscribe("1", "{node{"+everywhere+"}}")
	_, body, _ := s.next()
	all(t, "ada", everywhereReads, data(t, body))
}

// What an extension inside, a directive or a resolver sets for what comes below goes into the ctx.
func TestValuesForFieldsBelowTravelInTheCtx(t *testing.T) {
	for name, use := range map[string]func(srv server){
		"operation": func(srv server) {
			srv.AroundOperations(func(ctx context.Context, next graphql.OperationHandler) (h graphql.ResponseHandler) {
				token.Run("t", func() { h = next(gls.NewContext(ctx, gls.Capture())) })
				return h
			})
		},
		"response": func(srv server) {
			srv.AroundResponses(func(ctx context.Context, next graphql.ResponseHandler) (r *graphql.Response) {
				token.Run("t", func() { r = next(gls.NewContext(ctx, gls.Capture())) })
				return r
			})
		},
		"root field": func(srv server) {
			srv.AroundRootFields(func(ctx context.Context, next graphql.RootResolver) (m graphql.Marshaler) {
				token.Run("t", func() { m = next(gls.NewContext(ctx, gls.Capture())) })
				return m
			})
		},
		"field": func(srv server) {
			srv.AroundFields(func(ctx context.Context, next graphql.Resolver) (v any, err error) {
				token.Run("t", func() { v, err = next(gls.NewContext(ctx, gls.Capture())) })
				return v, err
			})
		},
	} {
		for where, first := range map[string]bool{"inside": true, "outside": false} {
			if name == "field" && !first {
				continue
			}
			t.Run(name+" "+where, func(t *testing.T) {
				r := &root{t: t, inside: func(context.Context) {
					got, ok := token.Get()
					assert.True(t, ok)
					assert.Equal(t, "t", got)
				}}
				srv := newServer(r)
				if first {
					srv.Use(glsgqlgen.Extension{})
					use(srv)
				} else {
					use(srv)
					srv.Use(glsgqlgen.Extension{})
				}
				all(t, "ada", 9, data(t, post(t, listen(t, srv), "ada", plainJSON, "{node{grid(n:3){seen}}}")))
			})
		}
	}
}

func TestPresentersAndRecoverFunctionsSeeTheOperation(t *testing.T) {
	r := &root{t: t}
	srv := newServer(r)
	srv.Use(glsgqlgen.Extension{})
	srv.SetErrorPresenter(glsgqlgen.ErrorPresenter(func(_ context.Context, err error) *gqlerror.Error {
		name, _ := who.Get()
		return gqlerror.Errorf("%s for %s", graphql.DefaultErrorPresenter(context.Background(), err).Message, name)
	}))
	srv.SetRecoverFunc(func(_ context.Context, p any) error {
		name, _ := who.Get()
		return fmt.Errorf("%s recovered by %s", p, name)
	})
	url := listen(t, srv)
	messages := func(body string) (texts []string) {
		var response struct{ Errors []struct{ Message string } }
		require.NoError(t, json.Unmarshal([]byte(body), &response), body)
		for _, e := range response.Errors {
			texts = append(texts, e.Message)
		}
		return texts
	}
	const inLists = "children(n:3){fail} grid(n:2){fail}"
	all(t, "ada for ada", 7, messages(post(t, url, "ada", plainJSON, "{node{"+inLists+"}}")))
	const panics = "children(n:3){boom} grid(n:2){boom}"
	all(t, "ada recovered by ada for ada", 7, messages(post(t, url, "ada", plainJSON, "{node{"+panics+"}}")))

	// And after all that, the server is as it was.
	all(t, "eve", 3, data(t, post(t, url, "eve", plainJSON, "{node{children(n:3){seen}}}")))

	s := dial(t, url, "ada", nil)
	defer s.close()
	s.subscribe("1", "{node{"+inLists+panics+"}}")
	_, body, _ := s.next()
	assert.Len(t, messages(body), 14)
	assert.NotContains(t, body, "for \"", "no presenter found nobody")
	assert.Panics(t, func() { glsgqlgen.ErrorPresenter(nil) })
}

// The limit that the documentation names.
func TestAnUnmarshalerOfAnArgumentBelowAListHasTheCtxAlone(t *testing.T) {
	var mu sync.Mutex
	var resumed []string
	graph.OnUnmarshal = func(ctx context.Context) {
		gls.Resume(ctx, func() {
			mu.Lock()
			defer mu.Unlock()
			name, _ := who.Get()
			resumed = append(resumed, name)
		})
	}
	defer func() { graph.OnUnmarshal = nil }()
	url := start(t, &root{t: t})
	all(t, "ada", 3, data(t, post(t, url, "ada", plainJSON, `{node{children(n:3){seen(mark:"x")}}}`)))
	all(t, "ada", 3, resumed[len(resumed)-3:])
}

func TestNothingStaysOnAGoroutineHoweverAFieldEnds(t *testing.T) {
	ctx := gls.NewContext(context.Background(), gls.Snapshot{}.With(who.With("ada")))
	e := glsgqlgen.Extension{}
	for name, end := range map[string]func() error{
		"return": func() error { return nil },
		"error":  func() error { return errors.New("failed") },
		"panic":  func() error { panic("in the field") },
		"Goexit": func() error { runtime.Goexit(); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			body := func() error {
				assert.Equal(t, "ada", who.GetOrFail())
				who.Enter("entered and never left")
				return end()
			}
			for _, intercept := range []func(){
				func() { _, _ = e.InterceptField(ctx, func(context.Context) (any, error) { return nil, body() }) },
				func() { e.InterceptRootField(ctx, func(context.Context) graphql.Marshaler { _ = body(); return nil }) },
				func() { e.InterceptResponse(ctx, func(context.Context) *graphql.Response { _ = body(); return nil }) },
			} {
				done := make(chan any)
				gls.Isolate(func() {
					go func() {
						defer func() {
							p := recover()
							assert.Equal(t, gls.Snapshot{}, gls.Capture())
							done <- p
						}()
						intercept()
					}()
				})
				if p := <-done; name == "panic" {
					assert.Equal(t, "in the field", p)
				} else {
					assert.Nil(t, p)
				}
			}
		})
	}
}

// A subscription's operation outlives nothing: when its connection ends, its request is over.
func TestAfterAWebsocketHasClosedItsRequestIsFinished(t *testing.T) {
	r := &root{t: t}
	over := make(chan struct{})
	found := make(chan error, 1)
	var once sync.Once
	r.inside = func(ctx context.Context) {
		once.Do(func() {
			gls.Go(func() {
				<-over
				<-ctx.Done()
				for { // the handler returns some time after the ctx has ended
					_, err := httpctx.Lookup()
					if err != nil {
						found <- err
						return
					}
					time.Sleep(time.Millisecond)
				}
			})
		})
	}
	s := dial(t, start(t, r), "ada", nil)
	s.subscribe("1", "subscription{ticks(n:1){seen}}")
	_, body, _ := s.next()
	all(t, "ada", 1, data(t, body))
	s.close()
	close(over)
	select {
	case err := <-found:
		assert.ErrorIs(t, err, httpctx.ErrFinished)
	case <-time.After(time.Minute):
		assert.Fail(t, "the resolver did not run, or its request is never over")
	}
}
