package b

import (
	"sync"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/httpctx"
)

// Caches of the module itself that call a function for what they do not have.

type memo[K comparable, V any] struct {
	mu sync.Mutex
	m  map[K]V
}

func (c *memo[K, V]) get(k K, load func() V) V { // want get:`keeps{Key:0 Fn:1 Receiver:true}`
	c.mu.Lock()
	defer c.mu.Unlock()
	if v, ok := c.m[k]; ok {
		return v
	}
	v := load()
	c.m[k] = v
	return v
}

func (c *memo[K, V]) getErr(load func(K) (V, error), k K) (V, error) { // want getErr:`keeps{Key:1 Fn:0 Receiver:true}`
	v, ok := c.m[k]
	if ok {
		return v, nil
	}
	v, err := load(k)
	if err == nil {
		c.m[k] = v
	}
	return v, err
}

func memoized(k string, load func() any) any { // want memoized:`keeps{Key:0 Fn:1 Receiver:false}`
	if v, ok := pages.Load(k); ok {
		return v
	}
	v := load()
	pages.Store(k, v)
	return v
}

var names memo[string, string]

func keepsOwn(table string) {
	names.get(table, tenant.GetOrFail)                                                   // want `^b.memo.get gives one result to all who ask for its key, and the function reads tenant.GetOrFail: compute`
	names.get(table, func() string { return table + tenant.GetOrFail() })                // want `b.memo.get gives one result`
	names.getErr(func(string) (string, error) { return tenant.GetOrFail(), nil }, table) // want `b.memo.getErr gives one result`
	memoized(table, func() any { return tenant.GetOrFail() })                            // want `b.memoized gives one result`
	names.get(tenant.GetOrFail()+table, tenant.GetOrFail)                                // ok: the key has it
	names.get(table, func() string { return table })                                     // ok: reads nothing
	memoized(table, func() any { return gls.Context().Err() })                           // ok: it runs for this caller
	memoized(table, func() any { logged(); return 1 })                                   // ok: the request is for a log line
	var mine memo[string, string]
	mine.get(table, tenant.GetOrFail) // ok: the cache of one call
}

func logged() { httpctx.GetOrFail().Logger().Info("load") }

// Ok: it keeps nothing.
func (c *memo[K, V]) find(k K, load func() V) V {
	if v, ok := c.m[k]; ok {
		return v
	}
	return load()
}

func finds(table string) { names.find(table, tenant.GetOrFail) }
