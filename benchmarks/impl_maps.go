package main

import (
	"sync"

	"github.com/petermattis/goid"
)

// syncMap is the simplest solution without a library: a sync.Map keyed by goroutine id.
func syncMap() impl {
	var m sync.Map
	v := &value{1}
	get := func() *value {
		v, _ := m.Load(goid.Get())
		p, _ := v.(*value)
		return p
	}
	return byID("sync.Map", v, get,
		func(id int64, v *value) { m.Store(id, v) },
		func(id int64) { m.Delete(id) })
}

// shardedMap is the same with maps behind read-write locks.
func shardedMap() impl {
	type shard struct {
		mu sync.RWMutex
		m  map[int64]*value
		_  [96]byte
	}
	var shards [64]shard
	for i := range shards {
		shards[i].m = make(map[int64]*value)
	}
	v := &value{1}
	get := func() *value {
		id := goid.Get()
		s := &shards[id&63]
		s.mu.RLock()
		v := s.m[id]
		s.mu.RUnlock()
		return v
	}
	return byID("rwmutex", v, get,
		func(id int64, v *value) {
			s := &shards[id&63]
			s.mu.Lock()
			s.m[id] = v
			s.mu.Unlock()
		},
		func(id int64) {
			s := &shards[id&63]
			s.mu.Lock()
			delete(s.m, id)
			s.mu.Unlock()
		})
}

// byID returns an implementation that has one value for each goroutine id.
func byID(name string, v *value, get func() *value, set func(int64, *value), remove func(int64)) impl {
	read := func(n int) {
		var last *value
		for range n {
			last = get()
		}
		sink = last
	}
	with := func(v *value, fn func()) {
		id := goid.Get()
		previous := get()
		set(id, v)
		defer func() {
			if previous == nil {
				remove(id)
			} else {
				set(id, previous)
			}
		}()
		fn()
	}
	start := func(fn func()) {
		v := get()
		go func() { with(v, fn) }()
	}
	running := func(n int) {
		for range n {
			with(v, nothing)
		}
	}
	inScope := func(op func(n int)) func(timed) {
		return func(measure timed) { with(v, func() { measure(op) }) }
	}
	return impl{
		name: name,
		get: func(storages int, measure timed) {
			if storages == 1 {
				inScope(read)(measure)
			}
		},
		miss:      func(measure timed) { measure(read) },
		nested:    inScope(running),
		outermost: func(measure timed) { measure(running) },
		spawn: func(width int, measure timed) {
			inScope(spawning(width, start, func() { sink = get() }))(measure)
		},
		park: func(n int, release <-chan struct{}, measure func()) {
			with(v, func() { parking(n, release, start, func() { _ = get() }, measure) })
		},
		handler: inScope(func(n int) {
			for range n {
				layer(5, func() { sink = get() }, start)
			}
		}),
	}
}
