package gls

import (
	"github.com/ambient-go/ambient/internal/carrier"
	"github.com/ambient-go/ambient/internal/inspect"
)

func init() {
	inspect.Goroutines = func() []inspect.Goroutine {
		var all []inspect.Goroutine
		for id, f := range carrier.All() {
			g := inspect.Goroutine{ID: id}
			for _, e := range f.All() {
				g.Values = append(g.Values, inspect.Value{Storage: e.Key.String(), Type: e.Key.Type.String(), Value: e.Value})
			}
			all = append(all, g)
		}
		return all
	}
}

// starting lets who watches see that fn is about to be started on another goroutine.
func starting(fn func()) func() {
	if w := inspect.Starts.Load(); w != nil {
		return (*w)(fn)
	}
	return fn
}
