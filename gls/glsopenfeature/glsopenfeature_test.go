package glsopenfeature_test

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"sync"
	"testing"

	"github.com/open-feature/go-sdk/openfeature"
	"github.com/open-feature/go-sdk/openfeature/memprovider"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glsopenfeature"
	"github.com/ambient-go/ambient/httpctx"
	"github.com/ambient-go/ambient/internal/adaptertest"
)

// newClient returns a client of this test whose flag openfeature.TargetingKey is the targeting key, and each other flag the attribute of its
// name.
func newClient(t *testing.T, hooks ...openfeature.Hook) *openfeature.Client {
	t.Helper()
	adaptertest.Build(t)
	flags := make(map[string]memprovider.InMemoryFlag)
	for _, key := range []string{openfeature.TargetingKey, "a", "b", "c"} {
		evaluate := func(_ memprovider.InMemoryFlag, ec openfeature.FlattenedContext) (any, openfeature.ProviderResolutionDetail) {
			value, _ := ec[key].(string)
			return value, openfeature.ProviderResolutionDetail{}
		}
		flags[key] = memprovider.InMemoryFlag{State: memprovider.Enabled, ContextEvaluator: &evaluate}
	}
	require.NoError(t, openfeature.SetNamedProviderAndWait(t.Name(), memprovider.NewInMemoryProvider(flags)))
	client := openfeature.NewClient(t.Name())
	client.AddHooks(hooks...)
	return client
}

func value(ctx context.Context, client *openfeature.Client, flag string, of openfeature.EvaluationContext) string {
	return client.String(ctx, flag, "failed", of)
}

// who is the targeting key of an evaluation that is handed no ctx.
func who(client *openfeature.Client) string {
	return value(context.Background(), client, openfeature.TargetingKey, openfeature.EvaluationContext{})
}

func join(start func(fn func()), fn func()) {
	done := make(chan struct{})
	start(func() {
		defer close(done)
		fn()
	})
	<-done
}

func plain(fn func()) { go fn() }

func key(name string) openfeature.EvaluationContext {
	return openfeature.NewEvaluationContext(name, nil)
}

func TestEachRequestsFlagsUnderLoad(t *testing.T) {
	client := newClient(t, glsopenfeature.Hook())
	var tally adaptertest.Tally
	var late sync.WaitGroup
	over := make(chan struct{})
	middleware := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { // a user's own, in the ctx
			ctx := openfeature.WithTransactionContext(r.Context(), key(r.URL.Path[1:]))
			httpctx.Middleware(next).ServeHTTP(w, r.WithContext(ctx))
		})
	}
	adaptertest.Requests(t, middleware, func(_ *http.Request, want string) {
		during := func(want string) {
			got := who(client)
			tally.During("an evaluation", want, got, got != "")
		}
		after := func(want string) {
			defer late.Done()
			<-over
			got := who(client)
			tally.After("an evaluation", want, got, got != "")
		}
		during(want)
		join(gls.Go, func() { during(want) })
		glsopenfeature.Run(key(want+"!"), func() {
			during(want + "!")
			runtime.Gosched()
			join(gls.Go, func() { during(want + "!") })
			late.Add(2)
			gls.Go(func() { after(want + "!") })
			go after(want + "!")
		})
		late.Add(1)
		gls.Go(func() { after(want) })
		during(want)
	})
	close(over)
	late.Wait()
	tally.Verify(t, 5*adaptertest.Calls, 3*adaptertest.Calls)
	assert.Empty(t, who(client))
}

// What the evaluation says itself wins, attribute by attribute.
func TestPrecedence(t *testing.T) {
	earlier := adding{ec: openfeature.NewEvaluationContext("", map[string]any{"b": "earlier"})}
	client := newClient(t, earlier, glsopenfeature.Hook())
	client.SetEvaluationContext(openfeature.NewEvaluationContext("", map[string]any{"a": "client"}))
	all := func(ctx context.Context, of openfeature.EvaluationContext) (text string) {
		for _, flag := range []string{openfeature.TargetingKey, "a", "b", "c"} {
			text += value(ctx, client, flag, of) + " "
		}
		return text
	}
	background, none := context.Background(), openfeature.EvaluationContext{}
	assert.Equal(t, " client earlier  ", all(background, none))
	flow := openfeature.NewEvaluationContext("ada", map[string]any{"a": "flow", "b": "flow", "c": "flow"})
	glsopenfeature.Run(flow, func() {
		assert.Equal(t, "ada client earlier flow ", all(background, none))
		assert.Equal(t, "ada client earlier flow ", all(gls.Context(), none), "the ambient context handed on")
		assert.Equal(t, "ada client earlier flow ", all(context.WithValue(background, t, 1), none), "a ctx that says nothing")
		assert.Equal(t, "bob client earlier flow ", all(background, key("bob")))
		assert.Equal(t, "bob client earlier  ", all(openfeature.WithTransactionContext(background, key("bob")), none), "explicit")
		glsopenfeature.Run(openfeature.NewEvaluationContext("", map[string]any{"c": "inner"}), func() {
			assert.Equal(t, "ada client earlier inner ", all(background, none))
		})
		gls.Isolate(func() { assert.Equal(t, " client earlier  ", all(background, none)) })
		assert.Equal(t, "ada client earlier flow ", all(background, none))
	})
	assert.Equal(t, " client earlier  ", all(background, none))
}

// adding is a hook that adds to what it finds.
type adding struct {
	openfeature.UnimplementedHook

	ec openfeature.EvaluationContext
}

func (a adding) Before(_ context.Context, c openfeature.HookContext, _ openfeature.HookHints) (*openfeature.EvaluationContext, error) {
	ec := openfeature.TransactionContext(openfeature.MergeTransactionContext(
		openfeature.WithTransactionContext(context.Background(), c.EvaluationContext()), a.ec))
	return &ec, nil
}

func TestRunEndsHoweverItsFunctionEnds(t *testing.T) {
	client := newClient(t, glsopenfeature.Hook())
	func() {
		defer func() { assert.Equal(t, "over", fmt.Sprint(recover())) }()
		glsopenfeature.Run(key("ada"), func() { panic("over") })
	}()
	assert.Empty(t, who(client))
	join(plain, func() {
		defer func() { assert.Empty(t, who(client)) }()
		glsopenfeature.Run(key("ada"), runtime.Goexit)
	})
	glsopenfeature.Run(key("ada"), func() {
		want := ""
		if gls.Propagation() == gls.Inherited {
			want = "ada"
		}
		join(plain, func() { assert.Equal(t, want, who(client)) })
	})
	assert.PanicsWithValue(t, "glsopenfeature.Run: nil function", func() { glsopenfeature.Run(key("ada"), nil) })
}
