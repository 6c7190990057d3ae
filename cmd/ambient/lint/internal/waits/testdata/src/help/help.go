// Package help waits, and says that it is done, for other packages.
package help

import "sync"

func Wait(wg *sync.WaitGroup) { wg.Wait() }

func Maybe(wg *sync.WaitGroup, n int) {
	if n > 1 {
		wg.Wait()
	}
}

func Work(wg *sync.WaitGroup) { defer wg.Done() }

type Batch struct{ group sync.WaitGroup }

func (b *Batch) Done() { b.group.Done() }

func (b *Batch) Wait() { b.group.Wait() }

func First[T any](c <-chan T) T { return <-c }
