package conformance_test

import (
	"fmt"
	"runtime"
	"weak"

	"github.com/ambient-go/ambient/gls"
)

var lifetimeRows = []row{
	{"G-12 an Enter that is not left is dropped when its goroutine exits", func(t *probe) {
		for name, exit := range map[string]func(){
			"return": func() {},
			"panic":  func() { panic("recovered at the top") },
			"Goexit": runtime.Goexit,
		} {
			s := gls.New[*store]("")
			held := func() weak.Pointer[store] {
				value := newStore()
				apart(func() {
					defer func() { _ = recover() }()
					s.Enter(value)
					exit()
				})
				return weak.Make(value)
			}()
			collected(t, held, name)
			runtime.KeepAlive(s)
		}
	}},
	{"G-65 an error with a stack does not hold the values of that stack", func(t *probe) {
		s, other := gls.New[*store](""), gls.New[string]("other")
		var kept []any
		held := func() weak.Pointer[store] {
			value := newStore()
			s.Run(value, func() {
				kept = append(kept, fmt.Errorf("made in %v", callers()))
				pcs := make([]uintptr, 100)
				kept = append(kept, pcs[:runtime.Callers(0, pcs)])
				_, err := other.Lookup()
				kept = append(kept, err, caught(func() { other.GetOrFail() }))
			})
			return weak.Make(value)
		}()
		collected(t, held)
		runtime.KeepAlive(kept)
	}},
}
