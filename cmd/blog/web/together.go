package web

import (
	"errors"

	"github.com/ambient-go/ambient/gls"
)

// together calls the functions at the same time, each on a goroutine of the request, and waits for
// all. A panic in one of them continues in the caller, as if the caller had called that function
// itself.
func together(fns ...func() error) error {
	type result struct {
		err      error
		panicked any
	}
	results := make(chan result)
	for _, fn := range fns {
		gls.Go(func() {
			var r result
			defer func() {
				r.panicked = recover()
				results <- r
			}()
			r.err = fn()
		})
	}
	var all error
	var panicked any
	for range fns {
		r := <-results
		all = errors.Join(all, r.err)
		if r.panicked != nil {
			panicked = r.panicked
		}
	}
	if panicked != nil {
		panic(panicked)
	}
	return all
}
