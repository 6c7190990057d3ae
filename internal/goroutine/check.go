package goroutine

import "sync"

// witnesses is the number of new goroutines that Fast checks. One would do for a field that holds a
// constant. More also catch a field that holds a counter, or a pointer that looks like an id for a
// while.
const witnesses = 8

// trustworthy reports whether read returns the id of the goroutine that calls it. A library that
// copies the layout of runtime.g reads another field after a Go release moves goid, and then gives
// every goroutine the same id or a changing one. Each answer is compared with the id in the text of
// runtime.Stack, on the calling goroutine and on several that are alive at the same time, twice
// each with a blocking operation between.
func trustworthy(read func() int64) bool {
	if !agrees(read) {
		return false
	}
	var (
		ready, done sync.WaitGroup
		mu          sync.Mutex // guards seen, wrong
		seen        = map[int64]bool{read(): true}
		wrong       = false
	)
	ready.Add(witnesses)
	done.Add(witnesses)
	for range witnesses {
		go func() {
			defer done.Done()
			before, ok := read(), agrees(read)
			ready.Done()
			ready.Wait()
			ok = ok && agrees(read) && read() == before

			mu.Lock()
			defer mu.Unlock()
			wrong = wrong || !ok || seen[before]
			seen[before] = true
		}()
	}
	done.Wait()
	return !wrong
}

// agrees compares read with the text of runtime.Stack on the running goroutine.
func agrees(read func() int64) bool {
	id := read()
	return id > 0 && uint64(id) == slowID()
}
