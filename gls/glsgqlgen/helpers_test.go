package glsgqlgen_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/99designs/gqlgen/graphql/handler/transport"
	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glsgqlgen"
	"github.com/ambient-go/ambient/gls/glsgqlgen/testdata/graph"
	"github.com/ambient-go/ambient/httpctx"
)

// who is whose flow it is.
var who = gls.New[string]("who")

// token is what is set on the way.
var token = gls.New[string]("token")

type server = *handler.Server

// A root resolves everything to what it reads.
type root struct {
	t       testing.TB
	value   func(ctx context.Context) string // in place of read, if it is set
	inside  func(ctx context.Context)        // called by each Seen of a node, if it is set
	touch   func()                           // called by the mutation, if it is set
	sockets bool                             // the test adds a transport for websockets
	shared  func(ctx context.Context) (string, error)
	own     func(ctx context.Context) (string, error)
}

// read returns whose flow it is, as the storage, the request and the ambient context say.
func (r *root) read(ctx context.Context) string {
	if r.value != nil {
		return r.value(ctx)
	}
	name := r.name()
	if name != "nobody" && graphql.GetFieldContext(gls.Context()) != graphql.GetFieldContext(ctx) {
		return "not the context of the field"
	}
	return name
}

// name is read where there is no ctx.
func (*root) name() string {
	name, ok := who.Get()
	if !ok {
		return "nobody"
	}
	if c, ok := httpctx.Get(); !ok || c.ID() != name {
		return "not the request of " + name
	}
	return name
}

func (r *root) node() *graph.Node {
	plain := "plain"
	return &graph.Node{Guarded: &plain, Read: r.name}
}

func (r *root) nodes(n int) []*graph.Node {
	nodes := make([]*graph.Node, n)
	for i := range nodes {
		nodes[i] = r.node()
	}
	return nodes
}

func (r *root) Query() graph.QueryResolver               { return query{r} }
func (r *root) Mutation() graph.MutationResolver         { return mutation{r} }
func (r *root) Node() graph.NodeResolver                 { return node{r} }
func (r *root) Subscription() graph.SubscriptionResolver { return subscription{r} }

type (
	query        struct{ *root }
	mutation     struct{ *root }
	node         struct{ *root }
	subscription struct{ *root }
)

func (r query) Node(context.Context) (*graph.Node, error)     { return r.node(), nil }
func (r query) Seen(ctx context.Context) (string, error)      { return r.read(ctx), nil }
func (r query) Again(ctx context.Context) (string, error)     { return r.read(ctx), nil }
func (r mutation) Touch(context.Context) (*graph.Node, error) { r.touch(); return r.node(), nil }

func (r node) Seen(ctx context.Context, _ *graph.Node, _ *graph.Mark) (string, error) {
	if r.inside != nil {
		r.inside(ctx)
	}
	return r.read(ctx), nil
}
func (r node) Again(ctx context.Context, _ *graph.Node) (string, error)  { return r.read(ctx), nil }
func (r node) One(context.Context, *graph.Node) (*graph.Node, error)     { return r.node(), nil }
func (r node) Shared(ctx context.Context, _ *graph.Node) (string, error) { return r.shared(ctx) }
func (r node) Own(ctx context.Context, _ *graph.Node) (string, error)    { return r.own(ctx) }
func (r node) Fail(ctx context.Context, _ *graph.Node) (*string, error) {
	return nil, errors.New(r.read(ctx))
}
func (r node) Boom(ctx context.Context, _ *graph.Node) (*string, error) { panic(r.read(ctx)) }
func (r node) Children(_ context.Context, _ *graph.Node, n int) ([]*graph.Node, error) {
	return r.nodes(n), nil
}

func (r node) Grid(_ context.Context, _ *graph.Node, n int) ([][]*graph.Node, error) {
	grid := make([][]*graph.Node, n)
	for i := range grid {
		grid[i] = r.nodes(n)
	}
	return grid, nil
}

// Ticks sends from a goroutine that is nobody's, as a broker's is.
func (r subscription) Ticks(ctx context.Context, n int) (<-chan *graph.Node, error) {
	if got := r.read(ctx); got != who.GetOrFail() {
		return nil, errors.New(got)
	}
	events := make(chan *graph.Node)
	go func() {
		defer close(events)
		for range n {
			select {
			case events <- r.node():
			case <-ctx.Done():
				return
			}
		}
	}()
	return events, nil
}

// seen is the directive of a field: what it reads goes before the field's value.
func (r *root) seen(ctx context.Context, _ any, next graphql.Resolver) (any, error) {
	value, err := next(ctx)
	if text, ok := value.(*string); err == nil && (!ok || *text != "plain") {
		err = fmt.Errorf("the directive got %v", value)
	}
	got := r.read(ctx)
	return &got, err
}

// newServer returns a server of r with all transports, without the extension.
func newServer(r *root) *handler.Server {
	srv := handler.New(graph.NewExecutableSchema(graph.Config{
		Resolvers: r, Directives: graph.DirectiveRoot{Seen: r.seen},
	}))
	if !r.sockets {
		srv.AddTransport(transport.Websocket{})
	}
	srv.SetRecoverFunc(func(_ context.Context, p any) error { return fmt.Errorf("recovered: %v", p) }) // prints nothing
	srv.AddTransport(transport.SSE{})
	srv.AddTransport(transport.MultipartMixed{})
	srv.AddTransport(transport.POST{})
	return srv
}

// listen serves next behind httpctx and a middleware that sets who from a header.
func listen(t testing.TB, next http.Handler, opts ...httpctx.Option) string {
	auth := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who.Run(r.Header.Get("X-Request-ID"), func() { next.ServeHTTP(w, r) })
	})
	server := httptest.NewServer(httpctx.New(opts...)(auth))
	t.Cleanup(server.Close)
	return server.URL
}

func start(t testing.TB, r *root) string {
	srv := newServer(r)
	srv.Use(glsgqlgen.Extension{})
	return listen(t, srv)
}

// post sends an operation of name's and returns the body of the response.
func post(t testing.TB, url, name, accept, operation string) string {
	body, err := json.Marshal(map[string]string{"query": operation})
	require.NoError(t, err)
	request, err := http.NewRequest(http.MethodPost, url, bytes.NewReader(body))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", accept)
	request.Header.Set("X-Request-ID", name)
	response, err := http.DefaultClient.Do(request)
	if !assert.NoError(t, err) {
		return ""
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	assert.NoError(t, err)
	return string(text)
}

const plainJSON = "application/json"

// leaves returns all strings in what JSON decodes to.
func leaves(value any) (found []string) {
	switch v := value.(type) {
	case string:
		return []string{v}
	case []any:
		for _, e := range v {
			found = append(found, leaves(e)...)
		}
	case map[string]any:
		for _, e := range v {
			found = append(found, leaves(e)...)
		}
	}
	return found
}

// data returns all strings of a response that has no errors.
func data(t testing.TB, body string) []string {
	var response struct {
		Data   any
		Errors any
	}
	if !assert.NoError(t, json.Unmarshal([]byte(body), &response), body) || !assert.Nil(t, response.Errors, body) {
		return nil
	}
	return leaves(response.Data)
}

// A socket is a client of the protocol graphql-transport-ws.
type socket struct {
	t    testing.TB
	conn *websocket.Conn
}

type frame struct {
	ID      string          `json:"id,omitempty"`
	Type    string          `json:"type"`
	Payload json.RawMessage `json:"payload,omitempty"`
}

func dial(t testing.TB, url, name string, init any) *socket {
	conn, response, err := websocket.Dial(t.Context(), url, &websocket.DialOptions{
		HTTPHeader:   http.Header{"X-Request-Id": {name}},
		Subprotocols: []string{"graphql-transport-ws"},
	})
	require.NoError(t, err)
	if response.Body != nil {
		_ = response.Body.Close()
	}
	s := &socket{t, conn}
	payload, err := json.Marshal(init)
	require.NoError(t, err)
	s.send(frame{Type: "connection_init", Payload: payload})
	for s.receive().Type != "connection_ack" {
	}
	return s
}

func (s *socket) send(f frame) { assert.NoError(s.t, wsjson.Write(s.t.Context(), s.conn, f)) }

func (s *socket) receive() (f frame) {
	assert.NoError(s.t, wsjson.Read(s.t.Context(), s.conn, &f))
	return f
}

func (s *socket) subscribe(id, operation string) {
	payload, err := json.Marshal(map[string]string{"query": operation})
	assert.NoError(s.t, err)
	s.send(frame{ID: id, Type: "subscribe", Payload: payload})
}

// next returns the next response, and false at the end of a subscription.
func (s *socket) next() (id, body string, ok bool) {
	for {
		switch f := s.receive(); f.Type {
		case "next":
			return f.ID, string(f.Payload), true
		case "complete":
			return f.ID, "", false
		case "ping", "pong":
		default:
			assert.Fail(s.t, "unexpected", "%s %s", f.Type, f.Payload)
			return f.ID, "", false
		}
	}
}

func (s *socket) close() { _ = s.conn.Close(websocket.StatusNormalClosure, "") }
