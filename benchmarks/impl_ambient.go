package main

import (
	"net/http"
	"sync"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/httpctx"
)

func ambient() impl {
	s := gls.New[*value]("value")
	v := &value{1}
	unset := gls.New[*value]("unset")
	inScope := func(op func(n int)) func(timed) {
		return func(measure timed) { s.Run(v, func() { measure(op) }) }
	}
	return impl{
		name: "ambient",
		get: func(storages int, measure timed) {
			all := make([]*gls.Storage[*value], storages)
			bindings := make([]gls.Binding, storages)
			for i := range all {
				all[i] = gls.New[*value]("")
				bindings[i] = all[i].With(v)
			}
			s := all[storages/2]
			gls.Run(func() {
				measure(func(n int) {
					var last *value
					for range n {
						last, _ = s.Get()
					}
					sink = last
				})
			}, bindings...)
		},
		miss: inScope(func(n int) {
			var last *value
			for range n {
				last, _ = unset.Get()
			}
			sink = last
		}),
		read: func(depth int, measure timed) {
			s.Run(v, func() {
				inOthers(depth-1, func() {
					measure(func(n int) {
						var last *value
						for range n {
							last, _ = s.Get()
						}
						sink = last
					})
				})
			})
		},
		nested: inScope(func(n int) {
			for range n {
				s.Run(v, nothing)
			}
		}),
		outermost: func(measure timed) {
			measure(func(n int) {
				for range n {
					s.Run(v, nothing)
				}
			})
		},
		enter: func(measure timed) {
			gls.Run(func() {
				measure(func(n int) {
					for range n {
						s.Enter(v).Leave()
					}
				})
			}, unset.With(v))
		},
		capture: inScope(func(n int) {
			for range n {
				snapshot = gls.Capture()
			}
		}),
		call: func(measure timed) {
			var bound func()
			s.Run(v, func() { bound = gls.Bind(nothing) })
			measure(func(n int) {
				for range n {
					bound()
				}
			})
		},
		spawn: func(width int, measure timed) {
			inScope(spawning(width, gls.Go, func() { sink, _ = s.Get() }))(measure)
		},
		park: func(n int, release <-chan struct{}, measure func()) {
			s.Run(v, func() {
				parking(n, release, gls.Go, func() { _, _ = s.Get() }, measure)
			})
		},
		middleware: httpctx.Middleware,
		handler: func(measure timed) {
			inScope(func(n int) {
				for range n {
					layer(5, func() { sink, _ = s.Get() }, gls.Go)
				}
			})(measure)
		},
	}
}

var snapshot gls.Snapshot

// inOthers calls fn inside n scopes of other storages.
func inOthers(n int, fn func()) {
	if n == 0 {
		fn()
		return
	}
	gls.New[*value]("other").Run(&value{n}, func() { inOthers(n-1, fn) })
}

// spawning returns an operation that starts width goroutines, each of which reads once.
func spawning(width int, start func(func()), read func()) func(n int) {
	return func(n int) {
		for range n {
			var done sync.WaitGroup
			done.Add(width)
			for range width {
				start(func() {
					read()
					done.Done()
				})
			}
			done.Wait()
		}
	}
}

// parking starts n goroutines that read once and wait, and calls measure when all of them wait.
func parking(n int, release <-chan struct{}, start func(func()), read, measure func()) {
	var ready, done sync.WaitGroup
	ready.Add(n)
	done.Add(n)
	for range n {
		start(func() {
			read()
			ready.Done()
			<-release
			done.Done()
		})
	}
	ready.Wait()
	measure()
	done.Wait()
}

// layer is one of a handler's nested functions: it reads four values. The last layer starts four
// goroutines that read one each.
func layer(depth int, read func(), start func(func())) {
	for range 4 {
		read()
	}
	if depth > 1 {
		layer(depth-1, read, start)
		return
	}
	spawning(4, start, read)(1)
}

// serving measures requests to a handler.
func serving(h http.Handler, measure timed) {
	w, r := newExchange()
	measure(func(n int) {
		for range n {
			h.ServeHTTP(w, r)
		}
	})
}
