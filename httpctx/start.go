package httpctx

import (
	"sync/atomic"
	"time"
)

// epoch is the time from which start counts.
var epoch = time.Now()

// A start is the time at which a request began. It is kept as a reading of the monotonic clock,
// because time.Now reads two clocks and takes half as long again. The wall clock is read at the
// first call of time.
type start struct {
	sinceEpoch time.Duration // immutable after begin

	// at is nil until the first call of time. It is stored once, so that all callers get the same
	// answer.
	at atomic.Pointer[time.Time]
}

func (s *start) begin() { s.sinceEpoch = time.Since(epoch) }

func (s *start) time() time.Time {
	if at := s.at.Load(); at != nil {
		return *at
	}
	now := time.Now()
	at := now.Add(s.sinceEpoch - now.Sub(epoch))
	if s.at.CompareAndSwap(nil, &at) {
		return at
	}
	return *s.at.Load()
}

// copyTo gives another start, which no other goroutine has yet, the same time.
func (s *start) copyTo(other *start) {
	at := s.time()
	other.at.Store(&at)
}
