// Command benchmarks measures what ambient costs beside what one would use instead: a context.Context passed by hand,
// a map of one's own keyed by goroutine id, and the other libraries for goroutine-local values.
//
//	go run . run -out build/bench.txt    # measures; the output is in the Go benchmark format, for benchstat
//	go run . report build/bench.txt      # writes REPORT.md, the plots and the table in the README
//	go run . gate                        # fails where a ratio to context.Context has become worse
//
// All implementations of a scenario are measured in turn, round by round, in one process: what the machine does
// meanwhile happens to all of them, and a ratio is the median of the ratios of the rounds.
package main
