package losses

// Forgive lets the runtime be asked as if it had not been asked before.
func Forgive() {
	all.mu.Lock()
	defer all.mu.Unlock()
	all.debt = 0
}
