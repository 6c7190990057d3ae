package main

import (
	"fmt"
	"io"
	"net/http"
	"regexp"
	"runtime"
	"sync"
	"time"
)

// opaque is a handler that the compiler cannot inline.
var opaque http.Handler = new(keeper)

type keeper struct{ last *http.Request }

func (k *keeper) ServeHTTP(_ http.ResponseWriter, r *http.Request) { k.last = r }

// A plan says what to measure and for how long.
type plan struct {
	only   *regexp.Regexp
	rounds int
	each   time.Duration // approximate time of one measurement
}

// run measures and writes each result as a line of the Go benchmark format.
func (p plan) run(impls []impl, to, progress io.Writer) {
	p.header(to)
	var chosen []scenario
	for _, s := range scenarios() {
		if p.only.MatchString(s.name) {
			chosen = append(chosen, s)
		}
	}
	began := time.Now()
	for k, s := range chosen {
		fmt.Fprintf(progress, "\r%3d/%d %-28s %s ", k+1, len(chosen), s.name, time.Since(began).Round(time.Second))
		rounds := p.rounds
		if s.value != nil {
			rounds = min(rounds, 3) // each takes seconds and hardly varies
		}
		for range rounds {
			for _, i := range impls {
				p.one(s, i, to)
			}
		}
	}
	fmt.Fprintln(progress)
}

// header writes the machine's description in the Go benchmark format.
func (p plan) header(to io.Writer) {
	fmt.Fprintf(to, "goos: %s\ngoarch: %s\npkg: github.com/ambient-go/ambient/benchmarks\ngo: %s\ncpus: %d\n",
		runtime.GOOS, runtime.GOARCH, runtime.Version(), runtime.NumCPU())
	if cpu := cpuName(); cpu != "" {
		fmt.Fprintf(to, "cpu: %s\n", cpu)
	}
}

// one measures an implementation once.
func (p plan) one(s scenario, i impl, to io.Writer) {
	if s.procs > 0 {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(s.procs))
	}
	name := fmt.Sprintf("Benchmark%s/impl=%s-%d", s.name, i.name, runtime.GOMAXPROCS(0))
	if s.value != nil {
		if v, ok := s.value(i); ok {
			fmt.Fprintf(to, "%s\t1\t%.4g %s\n", name, v, s.unit)
		}
		return
	}
	op := s.op(i)
	if op == nil {
		return
	}
	op(func(op func(n int)) {
		n, ns, allocs, bytes := p.time(op)
		fmt.Fprintf(to, "%s\t%d\t%.5g ns/op\t%.5g B/op\t%.5g allocs/op\n", name, n, ns, bytes, allocs)
	})
}

// time chooses n so that op(n) takes about p.each, and returns the time and the allocations per
// operation.
func (p plan) time(op func(n int)) (n int, ns, allocs, bytes float64) {
	n = 1
	for {
		began := time.Now()
		op(n)
		took := time.Since(began)
		if took >= p.each/4 || n >= 1<<30 {
			n = max(1, int(float64(n)*float64(p.each)/float64(max(took, 1))))
			break
		}
		n *= 2
	}
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	began := time.Now()
	op(n)
	took := time.Since(began)
	runtime.ReadMemStats(&after)
	per := func(x float64) float64 { return x / float64(n) }
	return n, per(float64(took)), per(float64(after.Mallocs - before.Mallocs)),
		per(float64(after.TotalAlloc - before.TotalAlloc))
}

// parallel returns an operation that shares n reads among procs goroutines.
func parallel(i impl, procs int) func(n int) {
	return func(n int) {
		var done sync.WaitGroup
		for range procs {
			done.Go(func() {
				i.get(1, func(op func(n int)) { op(n / procs) })
			})
		}
		done.Wait()
	}
}
