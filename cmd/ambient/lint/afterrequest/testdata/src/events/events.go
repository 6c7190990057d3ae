// Package events has an event API whose names the flag gives.
package events

import (
	"net/http"

	"github.com/ambient-go/ambient/cmd/ambient/lint/afterrequest/testdata/src/other"
	"github.com/ambient-go/ambient/httpctx"
)

func After(string, func())       {}
func Before(string, func())      {}
func Short(func())               {}
func Request(f http.HandlerFunc) {}

type Queue struct{}

func (*Queue) Push(func()) {}
func (*Queue) Pop(func())  {}

func register(q *Queue, t *other.Topic[int]) {
	After("sold", func() { _ = httpctx.GetOrFail() })  // want `the callback given to After reads the current request \(httpctx.GetOrFail\)`
	Before("sold", func() { _ = httpctx.GetOrFail() }) // ok: not named
	q.Push(func() { _ = other.ID() })                  // want `the callback given to q.Push reads the current request \(httpctx.GetOrFail through other.ID, other.request\)`
	q.Pop(func() { _ = other.ID() })                   // ok: not named
	t.Each(func(int) { _ = other.ID() })               // want `the callback given to t.Each`
	Short(func() { _ = other.ID() })                   // want `the callback given to Short`
	After("sold", func() {})                           // ok: reads nothing
}
