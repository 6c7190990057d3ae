package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/perf/benchfmt"
	"golang.org/x/perf/benchmath"
)

// results are the samples of a run.
type results struct {
	config    map[string]string    // goos, go, cpu and other settings
	scenarios []string             // in the order of the run
	units     map[string]string    // by scenario
	samples   map[sample][]float64 // one for each round
	allocs    map[sample]float64   // of the last round
}

type sample struct{ scenario, impl string }

func readFile(name string) (*results, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return read(f, name)
}

func read(from io.Reader, name string) (*results, error) {
	r := &results{map[string]string{}, nil, map[string]string{}, map[sample][]float64{}, map[sample]float64{}}
	lines := benchfmt.NewReader(from, name)
	for lines.Scan() {
		switch line := lines.Result().(type) {
		case *benchfmt.SyntaxError:
			return nil, line
		case *benchfmt.Result:
			if err := r.add(line); err != nil {
				return nil, err
			}
		}
	}
	if len(r.scenarios) == 0 && lines.Err() == nil {
		return nil, fmt.Errorf("%s: no results", name)
	}
	return r, lines.Err()
}

func (r *results) add(line *benchfmt.Result) error {
	for _, c := range line.Config {
		r.config[c.Key] = string(c.Value)
	}
	_, parts := line.Name.Parts()
	var scenario []string
	scenario = append(scenario, string(line.Name.Base()))
	who := ""
	for _, p := range parts {
		switch part := strings.TrimPrefix(string(p), "/"); {
		case strings.HasPrefix(part, "impl="):
			who = strings.TrimPrefix(part, "impl=")
		case !strings.HasPrefix(part, "-"): // not the suffix for GOMAXPROCS
			scenario = append(scenario, part)
		}
	}
	if who == "" || len(line.Values) == 0 {
		return fmt.Errorf("%s: a result without impl= or a value", line.Name.String())
	}
	s := sample{strings.Join(scenario, "/"), who}
	if r.units[s.scenario] == "" {
		r.scenarios = append(r.scenarios, s.scenario)
	}
	v := line.Values[0]
	unit, x := v.Unit, v.Value
	if unit == "sec/op" { // benchfmt has converted ns/op
		unit, x = "ns/op", x*1e9
	}
	r.units[s.scenario] = unit
	r.samples[s] = append(r.samples[s], x)
	if allocs, ok := line.Value("allocs/op"); ok {
		r.allocs[s] = allocs
	}
	return nil
}

// median returns the median of a scenario's samples. ok is false if there are none.
func (r *results) median(s sample) (benchmath.Summary, bool) {
	return summary(r.samples[s])
}

// ratio returns the median of the rounds' ratios of one implementation to another.
func (r *results) ratio(scenario, of, to string) (benchmath.Summary, bool) {
	a, b := r.samples[sample{scenario, of}], r.samples[sample{scenario, to}]
	var ratios []float64
	for i := range min(len(a), len(b)) {
		if b[i] > 0 {
			ratios = append(ratios, a[i]/b[i])
		}
	}
	return summary(ratios)
}

func summary(values []float64) (benchmath.Summary, bool) {
	if len(values) == 0 {
		return benchmath.Summary{}, false
	}
	const confidence = 0.95
	return benchmath.AssumeNothing.Summary(benchmath.NewSample(values, &benchmath.DefaultThresholds), confidence), true
}

// across returns the ratio of the medians of two implementations in different scenarios.
func (r *results) across(a, b sample) (float64, bool) {
	x, ok := r.median(a)
	y, ok2 := r.median(b)
	if !ok || !ok2 || y.Center == 0 {
		return 0, false
	}
	return x.Center / y.Center, true
}
