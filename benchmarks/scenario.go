package main

import (
	"fmt"
	"runtime"

	"github.com/ambient-go/ambient/gls"
)

// A scenario is one measurement of every implementation that has it.
type scenario struct {
	name string // as in the Go benchmark format, without the implementation
	unit string // "ns/op", or the unit of value

	// op sets i up and measures it. It returns nil if i cannot do it.
	op func(i impl) func(measure timed)

	// value measures i once. It is nil in scenarios that measure an operation.
	value func(i impl) (float64, bool)

	procs int // GOMAXPROCS, 0 for all
}

func scenarios() []scenario {
	var all []scenario
	add := func(name string, op func(i impl) func(timed)) {
		all = append(all, scenario{name: name, unit: "ns/op", op: op})
	}
	for _, storages := range []int{1, 4, 16} {
		add(fmt.Sprintf("Get/storages=%d", storages), func(i impl) func(timed) { return given(i.get, storages) })
	}
	for _, depth := range []int{1, 2, 5, 10} {
		add(fmt.Sprintf("GetBelow/depth=%d", depth), func(i impl) func(timed) { return given(i.read, depth) })
	}
	add("GetMiss", func(i impl) func(timed) { return i.miss })
	for _, existing := range []int{1, 100, 1000} {
		add(fmt.Sprintf("GetAmong/existing=%d", existing), func(i impl) func(timed) {
			if i.name != "ambient" {
				return nil
			}
			return func(measure timed) { amongStorages(existing, func() { i.get(1, measure) }) }
		})
	}
	for _, live := range []int{1, 1000, 1_000_000} {
		add(fmt.Sprintf("GetAmong/goroutines=%d", live), func(i impl) func(timed) {
			if i.name != "ambient" && (live > 1000 || i.name != "sync.Map" && i.name != "rwmutex") {
				return nil
			}
			return func(measure timed) { amongGoroutines(i, live, func() { i.get(1, measure) }) }
		})
	}
	for _, procs := range []int{1, 2, 4} {
		all = append(all, scenario{
			name: fmt.Sprintf("GetParallel/procs=%d", procs), unit: "ns/op", procs: procs,
			op: func(i impl) func(timed) {
				if i.get == nil {
					return nil
				}
				return func(measure timed) { measure(parallel(i, procs)) }
			},
		})
	}
	add("RunNested", func(i impl) func(timed) { return i.nested })
	add("RunOutermost", func(i impl) func(timed) { return i.outermost })
	add("EnterLeave", func(i impl) func(timed) { return i.enter })
	add("Capture", func(i impl) func(timed) { return i.capture })
	add("BindCall", func(i impl) func(timed) { return i.call })
	for _, width := range []int{1, 64, 10_000} {
		add(fmt.Sprintf("Spawn/width=%d", width), func(i impl) func(timed) { return given(i.spawn, width) })
	}
	add("Middleware", func(i impl) func(timed) {
		if i.middleware == nil {
			return nil
		}
		return func(measure timed) { serving(i.middleware(opaque), measure) }
	})
	add("Handler", func(i impl) func(timed) { return i.handler })
	all = append(all, scenario{name: "Memory/goroutines=100000", unit: "B/goroutine", value: perGoroutine})
	return all
}

func given(op func(int, timed), n int) func(timed) {
	if op == nil {
		return nil
	}
	return func(measure timed) { op(n, measure) }
}

// amongStorages calls fn while n other storages exist that have been used.
func amongStorages(n int, fn func()) {
	all := make([]*gls.Storage[*value], n)
	for i := range all {
		all[i] = gls.New[*value]("")
		all[i].Run(nil, nothing)
	}
	fn()
	runtime.KeepAlive(all)
}

// amongGoroutines calls fn while n goroutines have i's value.
func amongGoroutines(i impl, n int, fn func()) {
	release := make(chan struct{})
	i.park(n, release, func() {
		defer close(release)
		done := make(chan struct{})
		go func() { // another goroutine, for this one has the value already
			defer close(done)
			fn()
		}()
		<-done
	})
}

// perGoroutine returns the memory that a goroutine with i's value takes beyond a plain one.
func perGoroutine(i impl) (float64, bool) {
	if i.park == nil {
		return 0, false
	}
	const n = 100_000
	inUse := func(i impl) float64 {
		release := make(chan struct{})
		var used float64
		before := heap()
		i.park(n, release, func() {
			used = heap() - before
			close(release)
		})
		return used
	}
	inUse(none()) // the runtime keeps exited goroutines for reuse, so make them first
	return (inUse(i) - inUse(none())) / n, true
}

func heap() float64 {
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return float64(stats.HeapAlloc + stats.StackInuse)
}
