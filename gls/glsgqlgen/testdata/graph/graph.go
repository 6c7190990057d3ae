// Package graph is a GraphQL server for the tests of glsgqlgen, as gqlgen generates it from schema.graphql.
package graph

import (
	"context"
	"io"

	"github.com/99designs/gqlgen/graphql"
)

//go:generate go run github.com/99designs/gqlgen@v0.17.94 generate

// A Node is what all fields are read from.
type Node struct {
	ID      int
	Guarded *string
	Read    func() string // what Method gives
}

// Method is a field without a resolver and without a ctx.
func (n *Node) Method() string { return n.Read() }

// A Mark is an argument. OnUnmarshal, if it is set, is called while one is read.
type Mark string

// OnUnmarshal is set by a test.
var OnUnmarshal func(ctx context.Context)

// UnmarshalGQLContext reads a mark.
func (m *Mark) UnmarshalGQLContext(ctx context.Context, v any) error {
	if OnUnmarshal != nil {
		OnUnmarshal(ctx)
	}
	text, err := graphql.UnmarshalString(v)
	*m = Mark(text)
	return err
}

// MarshalGQLContext writes a mark.
func (m Mark) MarshalGQLContext(_ context.Context, w io.Writer) error {
	graphql.MarshalString(string(m)).MarshalGQL(w)
	return nil
}
