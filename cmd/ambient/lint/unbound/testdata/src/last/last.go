package last

import (
	"sync"
	"user"
)

func local() {
	var wg sync.WaitGroup
	wg.Go(func() { // want `make it a gls.WaitGroup`
		user.Current()
	})
	wg.Wait()
}
