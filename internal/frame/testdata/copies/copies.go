// Package copies copies what must not be copied. A test runs go vet on it.
package copies

import "github.com/ambient-go/ambient/gls"

func Storage(s *gls.Storage[int]) bool {
	copied := *s // vet reports this
	_, ok := copied.Get()
	return ok
}

func WaitGroup(wg *gls.WaitGroup) {
	copied := *wg // vet reports this
	copied.Wait()
}

func Scope(s gls.Scope) gls.Scope { return s } // a Scope is a value

func Snapshot(s gls.Snapshot) gls.Snapshot { return s } // so is a Snapshot

func Pointer(s *gls.Storage[int]) *gls.Storage[int] { return s } // the storage itself
