package web

import (
	"time"

	"github.com/ambient-go/ambient/gls"
)

// slow takes four seconds, so that the inspector has a request to show. It runs five goroutines; at
// the end only the longest is left.
func (s *Site) slow() error {
	began := time.Now()
	err := together(
		func() error { return wait(1 * time.Second) },
		func() error { return wait(2 * time.Second) },
		func() error { return wait(3 * time.Second) },
		func() error { return wait(4 * time.Second) },
	)
	if err != nil {
		return err
	}
	return show("slow", "A slow page", time.Since(began).Round(100*time.Millisecond))
}

// wait waits for d, or until the request is over.
func wait(d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	over := gls.Context()
	select {
	case <-timer.C:
		return nil
	case <-over.Done():
		return over.Err()
	}
}
