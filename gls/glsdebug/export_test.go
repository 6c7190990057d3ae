package glsdebug

import "time"

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
	asking.turn <- struct{}{}
	defer func() { <-asking.turn }()
	asking.free = time.Time{}
}

// MostGoroutines is with how many the runtime is asked.
const MostGoroutines = mostGoroutines

// HoldTurn keeps the turn to ask the runtime, until release is called.
func HoldTurn() (release func()) {
	asking.turn <- struct{}{}
	return func() { <-asking.turn }
}

// AskedFor has the runtime been asked for so long just now.
func AskedFor(d time.Duration) {
	asking.turn <- struct{}{}
	asking.free = time.Now().Add((gateShare - 1) * d)
	<-asking.turn
}

// ReadAtMost changes how much text is read for one stack, until the function that it returns is called.
func ReadAtMost(n int) (reset func()) {
	before := textMost
	textMost = n
	return func() { textMost = before }
}

// ReadFor changes how long one LogValue and all of a page may take, until the function that it returns is called.
func ReadFor(value, page time.Duration) (reset func()) {
	beforeValue, beforePage := slowValue, slowPage
	slowValue, slowPage = value, page
	return func() { slowValue, slowPage = beforeValue, beforePage }
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
