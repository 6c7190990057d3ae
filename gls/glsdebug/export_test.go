package glsdebug

// EndWatch ends the watch as 30 seconds without a look do.
func EndWatch() {
	watch.mu.Lock()
	pending := watch.pending
	watch.mu.Unlock()
	if pending != nil {
		pending.Stop()
		end()
	}
	watch.mu.Lock()
	defer watch.mu.Unlock()
	watch.debt = 0
}

// Met returns how many goroutines are remembered between looks.
func Met() int {
	watch.mu.Lock()
	defer watch.mu.Unlock()
	return len(watch.met)
}

// Births returns how many goroutines are known to have been started while somebody looked.
func Births() (n int) {
	births.Range(func(any, any) bool {
		n++
		return true
	})
	return n
}
