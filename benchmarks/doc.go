// Command benchmarks compares the cost of ambient with that of its alternatives: a context.Context
// as a parameter, a map keyed by goroutine id, and other libraries for goroutine-local values.
//
//	go run . run -out build/bench.txt    # measures; the output is in the Go benchmark format, for benchstat
//	go run . report build/bench.txt      # writes REPORT.md, the plots and the table in the README
//	go run . gate                        # fails where a ratio to context.Context has become worse
//
// One process measures all implementations of a scenario in turn, round by round, so that other
// load on the machine affects all of them. A ratio is the median of the rounds' ratios.
package main
