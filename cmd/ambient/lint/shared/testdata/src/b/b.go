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
	other  = gls.New[int]("other")
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

// Caches by hand.

var (
	mu     sync.Mutex
	tables = map[string]any{}
	pages  sync.Map
	repo   = &repository{rows: map[string]any{}}
)

type repository struct {
	mu   sync.Mutex
	rows map[string]any
}

func lookup(table string) any {
	mu.Lock()
	defer mu.Unlock()
	if v, ok := tables[table]; ok {
		return v
	}
	v, _ := rows(table)
	tables[table] = v // want `^tables keeps the value for all who ask for its key, and it depends on tenant.GetOrFail through b.rows: compute what is the same for all in gls.Isolate, or put what it depends on into the key$`
	return v
}

func (r *repository) get(table string) (any, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	v, ok := r.rows[table]
	if !ok {
		var err error
		if v, err = rows(table); err != nil {
			return nil, err
		}
		r.rows[table] = v // want `^r.rows keeps the value for all`
	}
	return v, nil
}

func entry(table string) any {
	if tables[table] != nil {
		return tables[table]
	}
	tables[table] = tenant.GetOrFail() // want `^tables keeps the value for all`
	tables[table], _ = rows(table)     // want `^tables keeps the value for all`
	return nil
}

func page(path string) string {
	if v, ok := pages.Load(path); ok {
		return v.(string)
	}
	text := path + tenant.GetOrFail()
	pages.Store(path, text) // want `^pages keeps the value for all`
	return text
}

func pageAgain(path string) any {
	v, _ := pages.Load(path)
	if v != nil {
		v = v.(fmt.Stringer)
		return v
	}
	pages.Store(path, tenant.GetOrFail()) // want `^pages keeps the value for all`
	return nil
}

// Ok: the key says whose it is.
func lookupKeyed(table string) any {
	key := tenant.GetOrFail() + table
	if v, ok := tables[key]; ok {
		return v
	}
	tables[key], _ = rows(table)
	tables[table] = nil
	v, _ := rows(table)
	tables[key] = v
	return v
}

// Ok: who did something is no cache.
func claim(job string) error {
	if _, taken := tables[job]; taken {
		return fmt.Errorf("%s is taken", job)
	}
	tables[job] = tenant.GetOrFail()
	pages.Store(job, tenant.GetOrFail())
	return nil
}

// Ok: the last one and the one before.
func swap(job string) (any, any) {
	before := tables[job]
	tables[job] = tenant.GetOrFail()
	return before, tables[job]
}

// Ok: nobody gets another's.
func count(job string) any {
	if tables[job] == nil {
		tables[job] = tenant.GetOrFail()
	}
	return len(tables)
}

// Ok: the map of one request.
func (l *loader) get(table string) any {
	if v, ok := l.rows[table]; ok {
		return v
	}
	local := map[string]any{}
	local[table] = tenant.GetOrFail()
	l.rows[table] = tenant.GetOrFail()
	return local[table]
}

type loader struct{ rows map[string]any }

// Ok: the same for all.
func lookupShared(table string) any {
	if v, ok := tables[table]; ok {
		return v
	}
	var v any
	gls.Isolate(func() { v, _ = rows(table) })
	tables[table] = v
	cache.LoadOrStore(table, v)
	tenant.Run("all", func() { v, _ = rows(table) })
	cache.LoadOrStore(table, v)
	gls.Isolate(func() { group.Do(table, all) })
	tenant.Exit(func() { cache.LoadOrStore(table, tenant.GetOrFail()) })
	tables[table] = table
	//ambient:detached the table's name has the tenant
	tables[table] = tenant.GetOrFail()
	return nil
}

// What is set around it hides another storage alone.
func hidesAnother(table string) {
	var v any
	gls.Run(func() { v, _ = rows(table) }, other.With(1))
	cache.LoadOrStore(table, v)             // want `depends on tenant.GetOrFail through b.rows`
	gls.Go(func() { group.Do(table, all) }) // want `reads tenant.GetOrFail through b.all`
}
