package frame

// Over returns an Enter with another goroutine's list beneath it, as none ever has: lists end with
// their goroutine.
func Over(goroutine uint64, outer *Enter) *Enter { return &Enter{goroutine: goroutine, outer: outer} }
