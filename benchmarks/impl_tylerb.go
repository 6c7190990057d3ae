package main

import "github.com/tylerb/gls"

// tylerb parses the goroutine's id from the text of runtime.Stack.
func tylerb() impl {
	v := &value{1}
	values := gls.Values{"value": v}
	read := func() { sink, _ = gls.Get("value").(*value) }
	reading := func(n int) {
		for range n {
			read()
		}
	}
	running := func(n int) {
		for range n {
			gls.With(values, nothing)
		}
	}
	inScope := func(op func(n int)) func(timed) {
		return func(measure timed) { gls.With(values, func() { measure(op) }) }
	}
	return impl{
		name: "tylerb",
		get: func(storages int, measure timed) {
			if storages == 1 {
				inScope(reading)(measure)
			}
		},
		miss:      func(measure timed) { measure(reading) },
		outermost: func(measure timed) { measure(running) },
		spawn: func(width int, measure timed) {
			inScope(spawning(width, gls.Go, read))(measure)
		},
		handler: inScope(func(n int) {
			for range n {
				layer(5, read, gls.Go)
			}
		}),
	}
}
