package glsgqlgen_test

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/httpctx"
	"github.com/ambient-go/ambient/internal/adaptertest"
)

// once is an operation in which Seen runs once, where the test waits, and 18 other fields read.
const once = "{one{seen} again method guarded children(n:3){again method guarded children(n:2){again}}}"

const onceReads = 4 + 3*(3+2)

// A load is what the operations of one run share.
type load struct {
	adaptertest.Tally

	inside, late sync.WaitGroup
	over         chan struct{} // closed when all responses have come
}

func newLoad() (*load, *root) {
	l := &load{over: make(chan struct{})}
	l.inside.Add(adaptertest.Calls)
	return l, &root{inside: l.meet}
}

// meet waits until all operations are in it, and leaves a goroutine behind that looks when they are over.
func (l *load) meet(ctx context.Context) {
	name, _ := who.Get()
	l.inside.Done()
	l.inside.Wait()
	got, ok := who.Get()
	l.During("after the others have come", name, got, ok)
	l.late.Add(1)
	gls.Go(func() {
		defer l.late.Done()
		<-l.over
		<-ctx.Done()
		got, ok := who.Get()
		l.After("a late goroutine", name, got, ok)
		c, ok := httpctx.Get() // its handler may still be on its way out
		if ok {
			l.After("a late request", name, c.ID(), ok)
		}
	})
}

// response counts what a response of name's shows.
func (l *load) response(t testing.TB, name, body string) {
	got := data(t, body)
	assert.Len(t, got, onceReads, body)
	for _, g := range got {
		l.During("a field", name, g, g != "nobody")
	}
}

func (l *load) verify(t *testing.T) {
	close(l.over)
	l.late.Wait()
	l.Verify(t, adaptertest.Calls*(1+onceReads), adaptertest.Calls)
}

func TestEachOfManyQueriesHasItsOwnValues(t *testing.T) {
	adaptertest.Build(t)
	l, r := newLoad()
	url := start(t, r)
	defer http.DefaultClient.CloseIdleConnections()
	adaptertest.Each(adaptertest.Calls, func(i int) {
		name := fmt.Sprint("user-", i)
		l.response(t, name, post(t, url, name, plainJSON, "{node"+once+"}"))
	})
	l.verify(t)
}

// Each connection has ten subscriptions, which are of one user.
func TestEachOfManySubscriptionsHasItsOwnValues(t *testing.T) {
	l, r := newLoad()
	url := start(t, r)
	const each = 10
	adaptertest.Each(adaptertest.Calls/each, func(i int) {
		name := fmt.Sprint("user-", i)
		s := dial(t, url, name, nil)
		defer s.close()
		for j := range each {
			s.subscribe(fmt.Sprint(j), "subscription{ticks(n:1)"+once+"}")
		}
		for ended := 0; ended < each; {
			_, body, ok := s.next()
			if !ok {
				ended++
				continue
			}
			l.response(t, name, body)
		}
	})
	l.verify(t)
}

// A server's goroutine serves one request after the other, and gqlgen's start with what their operation has.
func TestARequestLeavesNothingToTheNextOnItsConnection(t *testing.T) {
	r := &root{t: t, touch: func() { who.Enter("entered and never left") }}
	url := start(t, r)
	for i := range 50 {
		name := fmt.Sprint("user-", i)
		post(t, url, name, plainJSON, "mutation{touch{seen boom children(n:2){boom}}}")
		all(t, name, onceReads, data(t, post(t, url, name, plainJSON, "{node"+once+"}")))
	}
}
