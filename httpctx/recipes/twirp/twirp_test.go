package twirp_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/twitchtv/twirp"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/ambient-go/ambient/httpctx"
	"github.com/ambient-go/ambient/internal/adaptertest/routetest"
)

// A service is the implementation of the generated interface.
type service func(name string) string

func (s service) Greet(_ context.Context, in *wrapperspb.StringValue) (*wrapperspb.StringValue, error) {
	return wrapperspb.String(s(in.GetValue())), nil
}

// call greets as id.
func call(client *http.Client, url, id string) (string, error) {
	header := http.Header{}
	routetest.SetID(header, id)
	ctx, err := twirp.WithHTTPRequestHeaders(context.Background(), header)
	if err != nil {
		return "", err
	}
	answer, err := NewUsersProtobufClient(url, client).Greet(ctx, wrapperspb.String(id))
	return answer.GetValue(), err
}

func newProbe() (*routetest.Probe, http.Handler) {
	p := &routetest.Probe{Pattern: UsersPathPrefix, Start: func(fn func()) { go fn() }, Call: call}
	server := NewUsersServer(service(func(name string) string {
		if name == "panic" {
			p.Panic()
		}
		return p.Handle(name)
	}))
	mux := http.NewServeMux()
	mux.Handle(server.PathPrefix(), server)
	return p, recoverer(httpctx.Middleware(mux))
}

// recoverer ends the panic that twirp answers with 500 and passes on.
func recoverer(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() { _ = recover() }()
		next.ServeHTTP(w, r)
	})
}

func TestEachCallFindsItselfUnderLoad(t *testing.T) {
	p, h := newProbe()
	p.Load(t, h)
}

func TestPanicsLeaveNothingBehind(t *testing.T) {
	p, h := newProbe()
	p.Faults(t, h, func(client *http.Client, url string) {
		_, err := call(client, url, "panic")
		var answer twirp.Error
		require.ErrorAs(t, err, &answer)
		assert.Equal(t, twirp.Internal, answer.Code())
		_, err = NewUsersProtobufClient(url, client, twirp.WithClientPathPrefix("/elsewhere")).
			Greet(context.Background(), wrapperspb.String(""))
		assert.Error(t, err)
	})
}

// greeting is far below the method, and has no parameter.
func greeting() string { return "hello, " + httpctx.GetOrFail().Request().Header.Get("User") }

func Example() {
	server := NewUsersServer(service(func(string) string { return greeting() }))
	mux := http.NewServeMux()
	mux.Handle(server.PathPrefix(), server)
	local := httptest.NewServer(httpctx.Middleware(mux)) // the recipe
	defer local.Close()

	ctx, err := twirp.WithHTTPRequestHeaders(context.Background(), http.Header{"User": {"Ada"}})
	if err != nil {
		panic(err)
	}
	answer, err := NewUsersProtobufClient(local.URL, local.Client()).Greet(ctx, &wrapperspb.StringValue{})
	fmt.Println(answer.GetValue(), err)
	// Output: hello, Ada <nil>
}
