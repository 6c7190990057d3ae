package adaptertest

import (
	"runtime"
	"slices"
	"testing"
	"time"
)

// batch is the number of calls between two looks at the clock.
const batch = 100

// InTurn measures two ways to do the same work: own, with the library's own context, and ambient.
// Each does n calls of it. InTurn calls the two in turn, because times of different minutes do not
// compare. It reports the median time of each, the ratio of the two medians, and the allocations
// that ambient adds.
func InTurn(b *testing.B, own, ambient func(n int)) {
	b.Helper()
	ways := [2]func(n int){own, ambient}
	var times [2][]time.Duration
	var mallocs [2]uint64
	for range 5 { // to fill pools and caches
		own(batch)
		ambient(batch)
	}
	for b.Loop() {
		for i, way := range ways {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			began := time.Now()
			way(batch)
			times[i] = append(times[i], time.Since(began))
			runtime.ReadMemStats(&after)
			mallocs[i] += after.Mallocs - before.Mallocs
		}
	}
	was, is := median(times[0]), median(times[1])
	calls := float64(len(times[0])) * batch
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(was.Nanoseconds())/batch, "own-ns/call")
	b.ReportMetric(float64(is.Nanoseconds())/batch, "ambient-ns/call")
	b.ReportMetric(float64(is)/float64(was), "ratio")
	b.ReportMetric((float64(mallocs[1])-float64(mallocs[0]))/calls, "added-allocs/call")
}

func median(times []time.Duration) time.Duration {
	slices.Sort(times)
	return times[len(times)/2]
}
