package glstest

import "time"

const MaxLeft = maxLeft

// SetGrace changes how long tests wait at their end, until the function that it returns is called.
func SetGrace(d time.Duration) (reset func()) {
	before := grace
	grace = d
	return func() { grace = before }
}
