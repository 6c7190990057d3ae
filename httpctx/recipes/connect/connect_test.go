package connect_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"connectrpc.com/connect"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/ambient-go/ambient/httpctx"
	"github.com/ambient-go/ambient/internal/adaptertest/routetest"
)

type text = wrapperspb.StringValue

const (
	unary  = "/users.Users/Greet"
	stream = "/users.Users/Follow"
	fails  = "/users.Users/Panic"
)

// newServer has a unary procedure and a stream in both directions, and recovers panics, which connect does by an
// option.
func newServer(p *routetest.Probe) http.Handler {
	recovers := connect.WithRecover(func(context.Context, connect.Spec, http.Header, any) error {
		return connect.NewError(connect.CodeInternal, errors.New("recovered"))
	})
	mux := http.NewServeMux()
	mux.Handle(unary, connect.NewUnaryHandler(unary,
		func(_ context.Context, r *connect.Request[text]) (*connect.Response[text], error) {
			return connect.NewResponse(wrapperspb.String(p.Handle(r.Msg.GetValue()))), nil
		}, recovers))
	mux.Handle(stream, connect.NewBidiStreamHandler(stream,
		func(_ context.Context, s *connect.BidiStream[text, text]) error {
			in, err := s.Receive()
			if err != nil {
				return err
			}
			if err := s.Send(wrapperspb.String(p.Handle(in.GetValue()))); err != nil {
				return err
			}
			if _, err := s.Receive(); err != nil {
				return err
			}
			return s.Send(wrapperspb.String(strings.TrimPrefix(httpctx.GetOrFail().ID(), "id-")))
		}, recovers))
	mux.Handle(fails, connect.NewUnaryHandler(fails,
		func(context.Context, *connect.Request[text]) (*connect.Response[text], error) {
			p.Panic()
			return nil, nil
		},
		recovers))
	return httpctx.Middleware(mux)
}

func newProbe(pattern string) *routetest.Probe {
	return &routetest.Probe{Pattern: pattern, Start: func(fn func()) { go fn() }, Call: callUnary}
}

func callUnary(client *http.Client, url, id string) (string, error) {
	r := connect.NewRequest(wrapperspb.String(id))
	routetest.SetID(r.Header(), id)
	answer, err := connect.NewClient[text, text](client, url+unary).CallUnary(context.Background(), r)
	if err != nil {
		return "", err
	}
	return answer.Msg.GetValue(), nil
}

// callStream sends two messages on one stream: the second is answered with what it finds.
func callStream(client *http.Client, url, id string) (answer string, err error) {
	s := connect.NewClient[text, text](client, url+stream).CallBidiStream(context.Background())
	routetest.SetID(s.RequestHeader(), id)
	for range 2 {
		if err = s.Send(wrapperspb.String(id)); err != nil {
			return "", err
		}
	}
	if err = s.CloseRequest(); err != nil {
		return "", err
	}
	for range 2 {
		m, err := s.Receive()
		if err != nil {
			return "", err
		}
		answer = m.GetValue()
	}
	return answer, s.CloseResponse()
}

func TestEachUnaryCallFindsItselfUnderLoad(t *testing.T) {
	p := newProbe(unary)
	p.Load(t, newServer(p))
}

func TestEachStreamFindsItselfUnderLoad(t *testing.T) {
	p := newProbe(stream)
	p.Call, p.HTTP2 = callStream, true
	p.Load(t, newServer(p))
}

func TestPanicsLeaveNothingBehind(t *testing.T) {
	p := newProbe(unary)
	p.Faults(t, newServer(p), func(client *http.Client, url string) {
		_, err := connect.NewClient[text, text](client, url+fails).CallUnary(t.Context(), connect.NewRequest(&text{}))
		assert.Equal(t, connect.CodeInternal, connect.CodeOf(err))
		_, err = connect.NewClient[text, text](client, url+"/users.Users/Nothing").
			CallUnary(t.Context(), connect.NewRequest(&text{}))
		assert.Equal(t, connect.CodeUnimplemented, connect.CodeOf(err))
	})
}

// greeting is far below the procedure, and has no parameter.
func greeting() string { return "hello, " + httpctx.GetOrFail().Request().Header.Get("User") }

func Example() {
	mux := http.NewServeMux()
	mux.Handle(unary, connect.NewUnaryHandler(unary,
		func(context.Context, *connect.Request[text]) (*connect.Response[text], error) {
			return connect.NewResponse(wrapperspb.String(greeting())), nil
		}))
	server := httptest.NewServer(httpctx.Middleware(mux)) // the recipe
	defer server.Close()

	r := connect.NewRequest(wrapperspb.String(""))
	r.Header().Set("User", "Ada")
	answer, err := connect.NewClient[text, text](server.Client(), server.URL+unary).CallUnary(context.Background(), r)
	fmt.Println(answer.Msg.GetValue(), err)
	// Output: hello, Ada <nil>
}

// The client's side: the id of the current request goes with the calls that it makes.
func TestACallOfAHandlerHasItsID(t *testing.T) {
	ids := make(chan string, 1)
	server := httptest.NewServer(httpctx.Middleware(connect.NewUnaryHandler(unary,
		func(context.Context, *connect.Request[text]) (*connect.Response[text], error) {
			ids <- httpctx.GetOrFail().ID()
			return connect.NewResponse(&text{}), nil
		})))
	defer server.Close()
	outgoing := &http.Client{Transport: httpctx.Transport(server.Client().Transport)}
	client := connect.NewClient[text, text](outgoing, server.URL+unary)
	r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
	routetest.SetID(r.Header, "7")
	httpctx.Run(httptest.NewRecorder(), r, func() {
		_, err := client.CallUnary(context.Background(), connect.NewRequest(&text{}))
		require.NoError(t, err)
	})
	assert.Equal(t, "id-7", <-ids)
}
