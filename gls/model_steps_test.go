package gls_test

import (
	"fmt"
	"maps"
	"runtime"
	"slices"

	"github.com/ambient-go/ambient/gls"
)

// A modelStep is what a program can do next.
type modelStep struct {
	name string
	do   func(f *flow)
}

var modelSteps []modelStep

func init() {
	modelSteps = []modelStep{
		{"Run", func(f *flow) {
			i := f.storage()
			set := f.next(i)
			f.in(f.top().inner(func(base map[int]modelValue) { base[i] = set }, i), func(fn func()) {
				f.storages[i].Run(set.value, fn)
			})
		}},
		{"gls.Run", func(f *flow) {
			var bindings []gls.Binding
			var storages []int
			set := map[int]modelValue{}
			for range f.random.IntN(4) {
				i := f.storage()
				storages = append(storages, i)
				set[i] = f.next(i)
				bindings = append(bindings, f.storages[i].With(set[i].value))
			}
			f.in(f.top().inner(func(base map[int]modelValue) { maps.Copy(base, set) }, storages...), func(fn func()) {
				gls.Run(fn, bindings...)
			})
		}},
		{"Exit", func(f *flow) {
			i := f.storage()
			f.in(f.top().inner(func(base map[int]modelValue) { delete(base, i) }, i), f.storages[i].Exit)
		}},
		{"Isolate", func(f *flow) { f.in(&modelScope{base: map[int]modelValue{}}, gls.Isolate) }},
		{"Enter", enterStep},
		{"Enter again", enterStep},
		{"Enter and Leave", func(f *flow) {
			enterStep(f)
			entered := f.handles[len(f.handles)-1]
			f.check()
			f.block()
			entered.scope.Leave()
			f.top().leave(entered.id)
		}},
		{"Leave", func(f *flow) { leaveStep(f, 1) }},
		{"Leave twice", func(f *flow) { leaveStep(f, 2) }},
		{"Capture", func(f *flow) {
			c := gls.Capture()
			f.captures = append(f.captures, modelCapture{c.Run, c.Go, f.top().values()})
		}},
		{"Bind", func(f *flow) {
			bound := gls.Bind(func(fn func()) { fn() })
			f.captures = append(f.captures, modelCapture{bound, func(fn func()) { go bound(fn) }, f.top().values()})
		}},
		{"Bind twice", func(f *flow) {
			c := f.capture()
			c.run = gls.Bind(c.run)
			f.captures = append(f.captures, c)
		}},
		{"Snapshot.Run", func(f *flow) {
			c := f.capture()
			f.in(&modelScope{base: maps.Clone(c.values)}, c.run)
		}},
		{"Snapshot.Go", func(f *flow) {
			c := f.capture()
			f.join(c.values, c.start)
		}},
		{"Go", func(f *flow) { f.join(f.top().values(), gls.Go) }},
		{"WaitGroup.Go", func(f *flow) {
			var wg gls.WaitGroup
			defer wg.Wait()
			f.join(f.top().values(), wg.Go)
		}},
		{"plain go", func(f *flow) {
			values := map[int]modelValue{}
			if gls.Propagation() == gls.Inherited {
				values = f.top().values()
			}
			f.join(values, func(fn func()) { go fn() })
		}},
		{"Disable", func(f *flow) {
			i := f.storage()
			f.storages[i].Disable()
			f.generations[i]++
		}},
		{"guard", func(f *flow) {
			f.guards++
			guard, scopes, depth := f.guards, len(f.scopes), f.depth
			defer func() {
				if f.unwinding == guard {
					if got, want := recover(), fmt.Sprint("to guard ", guard); got != want {
						f.fail("recover returns %v, want %v", got, want)
					}
					f.unwinding = 0
				}
				f.guards = guard - 1
				if f.unwinding == 0 && (len(f.scopes) != scopes || f.depth != depth) {
					f.fail("the model itself has not unwound")
				}
				f.check()
			}()
			f.block()
		}},
		{"panic", func(f *flow) {
			if f.guards > 0 && f.random.IntN(2) == 0 {
				f.unwinding = 1 + f.random.IntN(f.guards)
				panic(fmt.Sprint("to guard ", f.unwinding))
			}
		}},
		{"Goexit", func(f *flow) {
			if f.child && f.random.IntN(3) == 0 {
				runtime.Goexit()
			}
		}},
	}
}

func enterStep(f *flow) {
	i := f.storage()
	set := f.next(i)
	scope := f.storages[i].Enter(set.value)
	f.handles = append(f.handles, modelHandle{f.last, scope})
	top := f.top()
	top.enters = append(slices.Clip(top.enters), modelEnter{f.last, i, set})
}

// leaveStep leaves any scope that the goroutine has ever entered, most likely one of the last.
func leaveStep(f *flow, times int) {
	if len(f.handles) == 0 {
		return
	}
	back := min(f.random.IntN(len(f.handles)), f.random.IntN(len(f.handles)))
	h := f.handles[len(f.handles)-1-back]
	for range times {
		h.scope.Leave()
		f.top().leave(h.id)
		f.check()
	}
}
