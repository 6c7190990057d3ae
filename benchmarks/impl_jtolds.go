package main

import "github.com/jtolds/gls"

// jtolds keeps a goroutine's id in the functions on its stack.
func jtolds() impl {
	v := &value{1}
	manager := gls.NewContextManager()
	values := gls.Values{valueKey{}: v}
	read := func() {
		if got, ok := manager.GetValue(valueKey{}); ok {
			sink, _ = got.(*value)
		}
	}
	inScope := func(op func(n int)) func(timed) {
		return func(measure timed) { manager.SetValues(values, func() { measure(op) }) }
	}
	running := func(n int) {
		for range n {
			manager.SetValues(values, nothing)
		}
	}
	reading := func(n int) {
		for range n {
			read()
		}
	}
	return impl{
		name: "jtolds",
		get: func(storages int, measure timed) {
			if storages == 1 {
				inScope(reading)(measure)
			}
		},
		miss:      func(measure timed) { measure(reading) },
		nested:    inScope(running),
		outermost: func(measure timed) { measure(running) },
		spawn: func(width int, measure timed) {
			inScope(spawning(width, gls.Go, read))(measure)
		},
		park: func(n int, release <-chan struct{}, measure func()) {
			manager.SetValues(values, func() { parking(n, release, gls.Go, read, measure) })
		},
		handler: inScope(func(n int) {
			for range n {
				layer(5, read, gls.Go)
			}
		}),
	}
}
