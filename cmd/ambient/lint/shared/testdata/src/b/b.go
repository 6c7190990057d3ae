// Package b needs nothing but the standard library and x/sync.
package b

import (
	"fmt"
	"sync"

	"golang.org/x/sync/singleflight"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/httpctx"
)

var (
	tenant = gls.New[string]("tenant")
	group  singleflight.Group
	cache  sync.Map
)

func rows(table string) (any, error) { return table + tenant.GetOrFail(), nil }

func load(table string) {
	group.Do(table, func() (any, error) { return rows(table) })               // want `^singleflight.Group.Do gives one result to all who ask for its key, and the function reads tenant.GetOrFail through b.rows: compute what is the same for all in gls.Isolate, or put what it depends on into the key$`
	group.DoChan(table, func() (any, error) { return rows(table) })           // want `^singleflight.Group.DoChan gives one`
	group.DoChan(table, gls.Bind(func() (any, error) { return rows(table) })) // want `singleflight.Group.DoChan gives one`
	bound := gls.Bind(all)
	group.Do(table, bound)                                                   // want `singleflight.Group.Do gives one`
	group.Do(table, func() (any, error) { return nil, gls.Context().Err() }) // want `reads gls.Context: `
	group.Do(httpctx.GetOrFail().ID(), all)                                  // want `reads tenant.GetOrFail through b.all, b.rows`
}

func all() (any, error) { return rows("all") }

func store(table string) {
	cache.LoadOrStore(table, tenant.GetOrFail())                           // want `^sync.Map.LoadOrStore keeps the value for all who ask for its key, and it depends on tenant.GetOrFail: compute what is the same for all in gls.Isolate, or put what it depends on into the key$`
	cache.LoadOrStore("address", httpctx.GetOrFail().Request().RemoteAddr) // want `depends on httpctx.GetOrFail`
	v, _ := rows(table)
	cache.LoadOrStore(table, v) // want `depends on tenant.GetOrFail through b.rows`
	text := fmt.Sprint(v)
	cache.LoadOrStore(table, []any{text, 1}) // want `depends on tenant.GetOrFail through b.rows`
}

// Ok: the key says whose it is.
func keyed(table string) {
	group.Do(tenant.GetOrFail()+table, func() (any, error) { return rows(table) })
	name, _ := tenant.Get()
	key := fmt.Sprintf("%s/%s", name, table)
	group.Do(key, func() (any, error) { return rows(table) })
	cache.LoadOrStore(name, tenant.GetOrFail())
	cache.LoadOrStore(struct{ tenant, table string }{name, table}, key)
}

// Ok: nothing is set there, or the function sets what it reads.
func isolated(table string) {
	group.Do(table, func() (v any, err error) {
		gls.Isolate(func() { v, err = rows(table) })
		return v, err
	})
	group.Do(table, func() (v any, err error) {
		tenant.Run("all", func() { v, err = rows(table) })
		return v, err
	})
}

// Ok: nothing of the flow is read, or nobody knows what is.
func unread(table string, f func() (any, error)) {
	group.Do(table, func() (any, error) { return table, nil })
	group.Do(table, f)
	group.Forget(table)
	cache.Store(table, 1)
	cache.LoadOrStore(table, func() string { return tenant.GetOrFail() })
	cache.Load(tenant.GetOrFail())
	group.Do(table, nil)
}

// Ok: a reason is given.
func silenced(key string) {
	//ambient:detached the callers have put the tenant into the key
	group.Do(key, all)
}
