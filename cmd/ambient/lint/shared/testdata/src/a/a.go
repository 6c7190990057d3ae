package a

import (
	"context"
	"sync"
	"time"

	"example.com/singleflight"
	"github.com/dgraph-io/ristretto/v2"
	"github.com/golang/groupcache"
	"github.com/graph-gophers/dataloader/v7"
	"github.com/hashicorp/golang-lru/v2"
	"github.com/hashicorp/golang-lru/v2/expirable"
	"github.com/jellydator/ttlcache/v3"
	"github.com/maypok86/otter/v2"
	"github.com/patrickmn/go-cache"

	"github.com/ambient-go/ambient/gls"

	"store"
)

func batch(_ context.Context, keys []string) []*dataloader.Result[string] {
	return []*dataloader.Result[string]{{Data: store.Tenant()}}
}

var loader = dataloader.NewBatchedLoader(batch) // want `^dataloader.NewBatchedLoader: the loader's results are for all, and it reads tenant.Get through a.batch, store.Tenant: compute what is the same for all in gls.Isolate, or make what it depends on part of the keys; bind a loader of one request with gls.Bind$`

func get(ctx context.Context, key string, dest groupcache.Sink) error {
	_, err := store.Rows(key)
	return err
}

var groups = groupcache.NewGroup("rows", 1, groupcache.GetterFunc(get)) // want `groupcache.NewGroup: the loader`

type rows struct{}

func (rows) Load(ctx context.Context, key string) (any, error)            { return store.Rows(key) }
func (rows) Reload(ctx context.Context, key string, old any) (any, error) { return old, nil }

func load(table string) (any, error) { return store.Rows(table) }

func loaders(ctx context.Context, c *otter.Cache[string, any], group *singleflight.Group[any]) {
	c.Get(ctx, "x", otter.LoaderFunc[string, any](func(ctx context.Context, key string) (any, error) { // want `otter.Cache.Get gives one result`
		return store.Rows(key)
	}))
	c.Get(ctx, "x", rows{})                                                                                                                          // want `otter.Cache.Get gives one result .* reads tenant.Get through store.Rows, store.Tenant`
	c.Get(ctx, store.Tenant(), rows{})                                                                                                               // ok: the key has the tenant
	c.Get(ctx, "x", otter.LoaderFunc[string, any](func(context.Context, string) (any, error) { return 1, nil }))                                     // ok: it reads nothing
	c.ComputeIfAbsent("x", func() (any, bool) { return store.Tenant(), false })                                                                      // want `otter.Cache.ComputeIfAbsent gives`
	ttlcache.WithLoader[string, any](ttlcache.LoaderFunc[string, any](func(_ *ttlcache.Cache[string, any], key string) *ttlcache.Item[string, any] { // want `ttlcache.WithLoader: the loader`
		load(key)
		return nil
	}))
	group.Do(ctx, "x", func(context.Context) (any, error) { return load("x") })            // want `singleflight.Group.Do gives`
	group.Do(ctx, store.Tenant(), func(context.Context) (any, error) { return load("x") }) // ok: the key has the tenant
}

func values(l *lru.Cache[string, any], e *expirable.LRU[string, any], r *ristretto.Cache[string, any], t *ttlcache.Cache[string, any], c *cache.Cache) {
	l.Add("x", store.Tenant()) // want `^lru.Cache.Add keeps the value for all|^golang-lru.Cache.Add keeps the value for all`
	e.Add("x", store.User())   // want `expirable.LRU.Add keeps .* depends on key.GetOrFail through store.User`
	v, err := load("x")
	if err == nil {
		r.Set("x", v, 1)         // want `ristretto.Cache.Set keeps`
		t.Set("x", v, time.Hour) // want `ttlcache.Cache.Set keeps`
		c.Set("x", v, 1)         // want `go-cache.Cache.Set keeps`
	}
}

// Ok: what is kept does not depend on the request that the function logs to, or whose deadline it keeps.
func logged(l *lru.Cache[string, any]) {
	l.Add("x", store.Logged("x"))
	v, _ := store.Bounded("x")
	l.Add("x", v)
	l.Get(store.Tenant())
}

// Ok: a loader of one request, bound to it.
func perRequest() *dataloader.Loader[string, string] {
	return dataloader.NewBatchedLoader[string, string](gls.Bind(batch))
}

var once sync.Map
