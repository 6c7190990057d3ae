package glsgqlgen_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/99designs/gqlgen/graphql/handler/transport"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glsgqlgen"
	"github.com/ambient-go/ambient/gls/glsgqlgen/testdata/graph"
)

var user = gls.New[string]("user")

// greeting is far below a resolver and takes no ctx.
func greeting() string {
	name, _ := user.Get()
	return "hello, " + name
}

// A greeter resolves the elements of a list, which gqlgen does on goroutines of its own.
type greeter struct{ graph.NodeResolver }

func (greeter) Seen(context.Context, *graph.Node, *graph.Mark) (string, error) {
	return greeting(), nil
}

func (greeter) Children(_ context.Context, _ *graph.Node, n int) ([]*graph.Node, error) {
	nodes := make([]*graph.Node, n)
	for i := range nodes {
		nodes[i] = &graph.Node{ID: i}
	}
	return nodes, nil
}

type resolvers struct{ graph.ResolverRoot }

func (resolvers) Query() graph.QueryResolver { return queries{} }
func (resolvers) Node() graph.NodeResolver   { return greeter{} }

type queries struct{ graph.QueryResolver }

func (queries) Node(context.Context) (*graph.Node, error) { return &graph.Node{}, nil }

func Example() {
	srv := handler.New(graph.NewExecutableSchema(graph.Config{Resolvers: resolvers{}}))
	srv.AddTransport(transport.POST{})
	srv.Use(glsgqlgen.Extension{})

	authenticated := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user.Run("Ada", func() { srv.ServeHTTP(w, r) })
	})
	server := httptest.NewServer(authenticated)
	defer server.Close()

	response, err := http.Post(server.URL, "application/json", strings.NewReader(`{"query":"{node{children(n:2){id seen}}}"}`))
	if err != nil {
		panic(err)
	}
	defer response.Body.Close()
	body, _ := io.ReadAll(response.Body)
	fmt.Println(string(body))
	// Output:
	// {"data":{"node":{"children":[{"id":0,"seen":"hello, Ada"},{"id":1,"seen":"hello, Ada"}]}}}
}
