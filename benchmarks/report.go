package main

import (
	"errors"
	"fmt"
	"math"
	"os"
	"strings"
)

const (
	reportFile = "REPORT.md"
	ratiosFile = "ratios.txt"
	readmeFile = "../README.md"
	tableBegin = "<!-- benchmarks: written by make bench-report -->\n"
	tableEnd   = "<!-- end of benchmarks -->\n"
)

func reportCommand(args []string) error {
	if len(args) != 1 {
		return errors.New("report takes the file of a run")
	}
	r, err := readFile(args[0])
	if err != nil {
		return err
	}
	if err := os.WriteFile(reportFile, []byte(r.report()), 0o644); err != nil {
		return err
	}
	if err := os.WriteFile(ratiosFile, []byte(r.ratios()), 0o644); err != nil {
		return err
	}
	for _, p := range plots {
		if err := r.plot(p); err != nil {
			return err
		}
	}
	return r.readme()
}

// report returns the report of a run: each scenario beside context.Context and each other
// implementation.
func (r *results) report() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Benchmarks\n\nWritten by `make bench-report` from one run on %s, %s processors, %s, %s/%s. All "+
		"implementations of a scenario were measured in turn, round by round, in one process. The time is the median of "+
		"the rounds; a ratio is the median of the rounds' ratios, with its 95 %% confidence interval. Below 1, ambient "+
		"takes less.\n\n", r.config["cpu"], r.config["cpus"], r.config["go"], r.config["goos"], r.config["goarch"])
	b.WriteString(r.bars())
	for _, p := range plots {
		fmt.Fprintf(&b, "![%s](%s)\n\n", p.title, p.file)
	}
	b.WriteString("## All scenarios\n\n")
	for _, s := range r.scenarios {
		r.table(&b, s)
	}
	b.WriteString(limits)
	return b.String()
}

func (r *results) table(b *strings.Builder, scenario string) {
	fmt.Fprintf(b, "### %s\n\n| implementation | %s | allocations | ambient's ratio to it |\n|---|---|---|---|\n",
		scenario, r.units[scenario])
	for _, i := range impls() {
		s := sample{scenario, i.name}
		m, ok := r.median(s)
		if !ok {
			continue
		}
		ratio := ""
		if i.name != "ambient" {
			if q, ok := r.ratio(scenario, "ambient", i.name); ok {
				ratio = interval(q.Center, q.Lo, q.Hi)
			}
		}
		allocs := ""
		if a, ok := r.allocs[s]; ok {
			allocs = significant(a)
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s |\n", i.name, significant(m.Center), allocs, ratio)
	}
	b.WriteString("\n")
}

// A bar is a limit for one of the library's ratios.
type bar struct {
	name string
	most float64 // the upper limit, 0 for a bar without one
	of   sample
	to   sample
}

func bars() []bar {
	at := func(scenario, impl string) sample { return sample{scenario, impl} }
	same := func(name string, most float64, scenario, to string) bar {
		return bar{name, most, at(scenario, "ambient"), at(scenario, to)}
	}
	return []bar{
		same("Get / context.Value, depth 1", 0.70, "Get/storages=1", "context"),
		same("Get / context.Value, depth 5", 0.20, "GetBelow/depth=5", "context"),
		same("Get / routine's Get", 0.30, "Get/storages=1", "routine"),
		same("Get / jtolds' Get", 0.005, "Get/storages=1", "jtolds"),
		{"Get with 16 storages set / with 1", 1.5, at("Get/storages=16", "ambient"), at("Get/storages=1", "ambient")},
		{"Get among 1,000,000 goroutines / among 1", 1.5,
			at("GetAmong/goroutines=1000000", "ambient"), at("GetAmong/goroutines=1", "ambient")},
		same("nested Run / context.WithValue and call", 1.0, "RunNested", "context"),
		same("outermost Run / context.WithValue and call", 1.4, "RunOutermost", "context"),
		same("gls.Go and join / go and join, 64 at a time", 1.25, "Spawn/width=64", "none"),
		same("gls.Go / routine.Go, 64 at a time", 0.5, "Spawn/width=64", "routine"),
		same("Middleware / context.WithValue middleware", 1.0, "Middleware", "context"),
		{"Get on 2 processors / on 1, time for as many", 1 / 1.9,
			at("GetParallel/procs=2", "ambient"), at("GetParallel/procs=1", "ambient")},
	}
}

func (r *results) bars() string {
	var b strings.Builder
	b.WriteString("## What the library is held to\n\n| ratio | at most | measured | |\n|---|---|---|---|\n")
	for _, bar := range bars() {
		got, ok := r.across(bar.of, bar.to)
		if bar.of.scenario == bar.to.scenario {
			if q, found := r.ratio(bar.of.scenario, bar.of.impl, bar.to.impl); found {
				got = q.Center
			}
		}
		if !ok {
			continue
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", bar.name, significant(bar.most), significant(got), verdict(got <= bar.most))
	}
	if m, ok := r.median(sample{"Memory/goroutines=100000", "ambient"}); ok {
		fmt.Fprintf(&b, "| bytes per live goroutine beyond a plain one | 64 | %s | %s |\n",
			significant(m.Center), verdict(m.Center <= 64))
	}
	b.WriteString("\n")
	return b.String()
}

func verdict(holds bool) string {
	if holds {
		return "holds"
	}
	return "missed"
}

// ratios returns the text of ratios.txt, which the gate compares with: a scenario and its ratio to
// context.Context in each line.
func (r *results) ratios() string {
	var b strings.Builder
	for _, s := range r.scenarios {
		if q, ok := r.ratio(s, "ambient", "context"); ok && r.units[s] == "ns/op" {
			fmt.Fprintf(&b, "%s %.3f\n", s, q.Center)
		}
	}
	return b.String()
}

// readme writes the table of the bars' scenarios between its two marks in the README.
func (r *results) readme() error {
	text, err := os.ReadFile(readmeFile)
	if err != nil {
		return err
	}
	before, rest, ok := strings.Cut(string(text), tableBegin)
	_, after, ok2 := strings.Cut(rest, tableEnd)
	if !ok || !ok2 {
		return fmt.Errorf("%s has no place for the table: %q, %q", readmeFile, tableBegin, tableEnd)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "| %s, %s | ambient | context.Context | ratio |\n|---|---|---|---|\n", r.config["cpu"], r.config["go"])
	for _, row := range []struct{ name, scenario string }{
		{"read a value", "Get/storages=1"},
		{"read a value set 5 levels above", "GetBelow/depth=5"},
		{"set a value for a call", "RunNested"},
		{"set the first value of a goroutine for a call", "RunOutermost"},
		{"start a goroutine that has the value, join it (64 at a time)", "Spawn/width=64"},
		{"middleware with one value", "Middleware"},
		{"a handler: 5 functions deep, 24 reads, 4 children", "Handler"},
	} {
		a, ok := r.median(sample{row.scenario, "ambient"})
		c, ok2 := r.median(sample{row.scenario, "context"})
		q, ok3 := r.ratio(row.scenario, "ambient", "context")
		if ok && ok2 && ok3 {
			fmt.Fprintf(&b, "| %s | %s ns | %s ns | %s |\n", row.name,
				significant(a.Center), significant(c.Center), significant(q.Center))
		}
	}
	return os.WriteFile(readmeFile, []byte(before+tableBegin+b.String()+tableEnd+after), 0o644)
}

// significant formats x with three significant digits.
func significant(x float64) string {
	if x == 0 || math.IsNaN(x) {
		return "0"
	}
	digits := max(0, 2-int(math.Floor(math.Log10(math.Abs(x)))))
	return fmt.Sprintf("%.*f", digits, x)
}

func interval(center, low, high float64) string {
	return fmt.Sprintf("%s (%s to %s)", significant(center), significant(low), significant(high))
}
