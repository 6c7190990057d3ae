package flow_test

import (
	"context"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/internal/flow"
)

func TestACtxIsOfAnotherFlow(t *testing.T) {
	tenant := gls.New[string]("tenant")
	other := func(ctx context.Context) bool {
		_, is := flow.Other(ctx)
		return is
	}
	assert.False(t, other(context.Background()), "nothing to tell by")
	acme := gls.NewContext(context.Background(), gls.Snapshot{}.With(tenant.With("acme")))
	globex := gls.NewContext(context.Background(), gls.Snapshot{}.With(tenant.With("globex")))
	assert.True(t, other(acme), "nothing is set here")
	gls.Resume(acme, func() {
		derived, cancel := context.WithCancel(acme)
		defer cancel()
		assert.False(t, other(acme))
		tenant.Run("newer", func() { assert.False(t, other(derived)) })
		gls.RunContext(derived, func() { assert.False(t, other(acme)) })
		assert.False(t, other(context.Background()))
		s, is := flow.Other(globex)
		assert.True(t, is)
		s.Run(func() { assert.Equal(t, "globex", tenant.GetOrFail()) })
	})
	gls.RunContext(context.TODO(), func() {
		empty := gls.NewContext(context.Background(), gls.Snapshot{})
		tenant.Run("acme", func() { assert.True(t, other(empty), "a frame in which nothing is set is one, too") })
	})
}

var name = gls.New[string]("name")

// named returns what s has.
func named(s gls.Snapshot) (got string) {
	s.Run(func() { got, _ = name.Get() })
	return got
}

func TestTheFrameOfASender(t *testing.T) {
	plain := context.Background()
	carrying := func(n string) context.Context {
		return gls.NewContext(plain, gls.Snapshot{}.With(name.With(n)))
	}
	assert.Equal(t, gls.Snapshot{}, flow.Of(plain), "nothing anywhere")
	assert.Equal(t, "ctx", named(flow.Of(carrying("ctx"))), "on somebody else's goroutine")
	name.Run("force", func() {
		assert.Equal(t, "force", named(flow.Of(plain)))
		assert.Equal(t, "ctx", named(flow.Of(carrying("ctx"))), "an explicit one wins")
		assert.Empty(t, named(flow.Of(gls.NewContext(plain, gls.Snapshot{}))), "so does an explicit nothing")
	})
	ctx := carrying("ctx")
	gls.Resume(ctx, func() {
		derived, cancel := context.WithCancel(ctx)
		defer cancel()
		name.Run("newer", func() {
			assert.Equal(t, "newer", named(flow.Of(ctx)), "set since, in the same flow")
			assert.Equal(t, "newer", named(flow.Of(derived)))
			assert.Equal(t, "other", named(flow.Of(carrying("other"))))
		})
	})
}

func TestAConsumersFrameHasTheBindingsAlone(t *testing.T) {
	other := gls.New[string]("other")
	type key struct{}
	parent := context.WithValue(gls.NewContext(context.Background(), gls.Snapshot{}.With(other.With("of ctx"))), key{}, 1)
	gls.Run(func() {
		var late gls.Snapshot
		flow.Consume(parent, func(ctx context.Context) {
			assert.Equal(t, "message", name.GetOrFail())
			_, ok := other.Get()
			assert.False(t, ok)
			assert.Equal(t, ctx, gls.Context())
			assert.Equal(t, 1, ctx.Value(key{}))
			late = gls.Capture()
			gls.Isolate(func() {
				gls.Resume(ctx, func() {
					assert.Equal(t, "message", name.GetOrFail())
					_, ok := other.Get()
					assert.False(t, ok)
				})
			})
			name.Enter("entered and never left")
		}, name.With("message"))
		assert.Equal(t, "of the caller", other.GetOrFail())
		_, ok := name.Get()
		assert.False(t, ok)
		late.Run(func() {
			assert.Equal(t, "message", name.GetOrFail())
			assert.Equal(t, context.Background(), gls.Context(), "the ambient context of a message that is over")
		})
	}, other.With("of the caller"))
}

func TestAMessageIsOverHoweverItsConsumerEnds(t *testing.T) {
	for what, end := range map[string]func(){
		"return": func() {}, "panic": func() { panic("in the consumer") }, "Goexit": runtime.Goexit,
	} {
		t.Run(what, func(t *testing.T) {
			var late gls.Snapshot
			done := make(chan any)
			go func() {
				defer func() {
					r := recover()
					assert.Equal(t, gls.Snapshot{}, gls.Capture())
					done <- r
				}()
				flow.Consume(context.Background(), func(context.Context) { late = gls.Capture(); end() }, name.With("message"))
			}()
			if r := <-done; what == "panic" {
				assert.Equal(t, "in the consumer", r)
			} else {
				assert.Nil(t, r)
			}
			late.Run(func() { assert.Equal(t, context.Background(), gls.Context()) })
		})
	}
}

func TestADerivedContextIsTheAmbientOneUntilItsFunctionEnds(t *testing.T) {
	type key struct{}
	flow.Consume(context.Background(), func(ctx context.Context) {
		derived := context.WithValue(ctx, key{}, "span")
		var late gls.Snapshot
		flow.Derived(derived, func() {
			late = gls.Capture()
			assert.Equal(t, derived, gls.Context())
			assert.Equal(t, "message", name.GetOrFail())
		})
		assert.Equal(t, ctx, gls.Context())
		late.Run(func() { assert.Equal(t, context.Background(), gls.Context()) })
	}, name.With("message"))
}
