package main

import "net/http"

// none carries nothing: it measures the scenario itself.
func none() impl {
	return impl{
		name: "none",
		spawn: func(width int, measure timed) {
			measure(spawning(width, goStatement, nothing))
		},
		park: func(n int, release <-chan struct{}, measure func()) {
			parking(n, release, goStatement, nothing, measure)
		},
		middleware: func(next http.Handler) http.Handler { return next },
		handler: func(measure timed) {
			measure(func(n int) {
				for range n {
					layer(5, nothing, goStatement)
				}
			})
		},
	}
}
