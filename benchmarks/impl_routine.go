package main

import "github.com/timandy/routine"

// timandyRoutine keeps values in the goroutine's pprof labels.
func timandyRoutine() impl {
	v := &value{1}
	local := routine.NewInheritableThreadLocal[*value]()
	start := func(fn func()) { routine.Go(fn) }
	inScope := func(op func(n int)) func(timed) {
		return func(measure timed) {
			local.Set(v)
			defer local.Remove()
			measure(op)
		}
	}
	running := func(n int) {
		for range n {
			previous := local.Get() // Set does not restore the outer value
			local.Set(v)
			nothing()
			local.Set(previous)
		}
	}
	return impl{
		name: "routine",
		get: func(storages int, measure timed) {
			all := make([]routine.ThreadLocal[*value], storages)
			for i := range all {
				all[i] = routine.NewInheritableThreadLocal[*value]()
				all[i].Set(v)
			}
			local := all[storages/2]
			measure(func(n int) {
				var last *value
				for range n {
					last = local.Get()
				}
				sink = last
			})
			for i := range all {
				all[i].Remove()
			}
		},
		miss: func(measure timed) {
			unset := routine.NewThreadLocal[*value]()
			measure(func(n int) {
				var last *value
				for range n {
					last = unset.Get()
				}
				sink = last
			})
		},
		nested: inScope(running),
		spawn: func(width int, measure timed) {
			inScope(spawning(width, start, func() { sink = local.Get() }))(measure)
		},
		park: func(n int, release <-chan struct{}, measure func()) {
			local.Set(v)
			defer local.Remove()
			parking(n, release, start, func() { _ = local.Get() }, measure)
		},
		handler: inScope(func(n int) {
			for range n {
				layer(5, func() { sink = local.Get() }, start)
			}
		}),
	}
}
