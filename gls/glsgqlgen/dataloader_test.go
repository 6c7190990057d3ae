package glsgqlgen_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/graph-gophers/dataloader/v7"
	"github.com/stretchr/testify/assert"
	"github.com/vikstrous/dataloadgen"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glsgqlgen"
	"github.com/ambient-go/ambient/internal/adaptertest"
)

// A batch notes whose it was.
type batch struct {
	mu    sync.Mutex
	names map[string]int // by what it found
	size  int            // of the largest
}

// load gives each key as it is.
func (b *batch) load(_ context.Context, keys []string) ([]string, []error) {
	name, ok := who.Get()
	if !ok {
		name = "nobody"
	}
	if gls.Context() != context.Background() && !ok {
		name = "a context without a flow"
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.names == nil {
		b.names = make(map[string]int)
	}
	b.names[name]++
	b.size = max(b.size, len(keys))
	return keys, make([]error, len(keys))
}

// graphGophers is load for the other library.
func (b *batch) graphGophers(ctx context.Context, keys []string) []*dataloader.Result[string] {
	values, _ := b.load(ctx, keys)
	results := make([]*dataloader.Result[string], len(keys))
	for i, v := range values {
		results[i] = &dataloader.Result[string]{Data: v}
	}
	return results
}

// A loader that all operations share batches the keys of many. Its batches must not show one of them.
func TestABatchOfALoaderThatOperationsShareIsNobodys(t *testing.T) {
	const wait = 5 * time.Millisecond
	for name, loader := range map[string]func(b *batch) func(ctx context.Context, key string) (string, error){
		"graph-gophers/dataloader": func(b *batch) func(ctx context.Context, key string) (string, error) {
			l := dataloader.NewBatchedLoader(b.graphGophers, dataloader.WithWait[string, string](wait),
				dataloader.WithCache(&dataloader.NoCache[string, string]{}), dataloader.WithBatchCapacity[string, string](100))
			return func(ctx context.Context, key string) (string, error) { return l.Load(ctx, key)() }
		},
		"vikstrous/dataloadgen": func(b *batch) func(ctx context.Context, key string) (string, error) {
			l := dataloadgen.NewLoader(b.load, dataloadgen.WithWait(wait), dataloadgen.WithBatchCapacity(100))
			return l.Load
		},
	} {
		t.Run(name, func(t *testing.T) {
			var b batch
			load := loader(&b)
			r := &root{t: t, shared: func(ctx context.Context) (string, error) {
				name, _ := who.Get()
				got, err := load(ctx, name)
				if after, _ := who.Get(); after != name {
					got = "after the load " + after
				}
				return got, err
			}}
			url := start(t, r)
			adaptertest.Each(200, func(i int) {
				name := fmt.Sprint("user-", i)
				all(t, name, 4, data(t, post(t, url, name, plainJSON, "{node{children(n:4){shared}}}")))
			})
			assert.Equal(t, []string{"nobody"}, keys(b.names))
			assert.Greater(t, b.size, 1, "a batch of one proves nothing")
		})
	}
}

func keys(m map[string]int) (names []string) {
	for name := range m {
		names = append(names, name)
	}
	return names
}

type loaderKey struct{}

// A loader that belongs to one operation may have its frame: gls.Bind, where the operation begins.
func TestABatchOfAnOperationsOwnLoaderIsTheOperationsIfItIsBound(t *testing.T) {
	var b batch
	r := &root{t: t, own: func(ctx context.Context) (string, error) {
		return ctx.Value(loaderKey{}).(*dataloadgen.Loader[string, string]).Load(ctx, who.GetOrFail())
	}}
	srv := newServer(r)
	srv.Use(glsgqlgen.Extension{})
	srv.AroundOperations(func(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
		loader := dataloadgen.NewLoader(gls.Bind(b.load), dataloadgen.WithWait(time.Millisecond))
		return next(context.WithValue(ctx, loaderKey{}, loader))
	})
	url := listen(t, srv)
	adaptertest.Each(50, func(i int) {
		name := fmt.Sprint("user-", i)
		all(t, name, 4, data(t, post(t, url, name, plainJSON, "{node{children(n:4){own}}}")))
	})
	assert.Len(t, b.names, 50)
	assert.NotContains(t, b.names, "nobody")
}
