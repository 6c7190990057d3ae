package gls

import (
	"github.com/ambient-go/ambient/internal/ambient"
	"github.com/ambient-go/ambient/internal/carrier"
	"github.com/ambient-go/ambient/internal/frame"
	"github.com/ambient-go/ambient/internal/inspect"
)

func init() {
	inspect.Untyped = func(storage any) *frame.Storage {
		return storage.(interface{ untyped() *frame.Storage }).untyped()
	}
	inspect.Goroutines = func() []inspect.Goroutine {
		var all []inspect.Goroutine
		for id, f := range carrier.All() {
			g := inspect.Goroutine{ID: id}
			for _, e := range f.All() {
				value := e.Value
				if source, ok := value.(ambient.Source); ok {
					if value, ok = source.Ambient(); !ok {
						continue // as Context does
					}
				}
				g.Values = append(g.Values, inspect.Value{Storage: e.Key.String(), Type: e.Key.Type.String(), Value: value})
			}
			all = append(all, g)
		}
		return all
	}
}

// starting returns the function to start instead of fn on another goroutine: fn itself, or the
// wrapper of the watcher that inspect.Starts holds.
func starting(fn func()) func() {
	if w := inspect.Starts.Load(); w != nil {
		return (*w)(fn)
	}
	return fn
}
