package main

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
	"time"
)

// Every scenario runs on every implementation that has it, and parse reads the results.
func TestScenariosRun(t *testing.T) {
	var output bytes.Buffer
	short := plan{regexp.MustCompile(`^(Get/|GetBelow/|GetMiss|Run|Enter|Capture|Bind|Spawn/width=(1|64)$|Middleware|Handler)`),
		2, time.Microsecond}
	short.run(impls(), &output, new(bytes.Buffer))
	r, err := read(&output, "test")
	if err != nil {
		t.Fatal(err)
	}
	if len(r.scenarios) < 15 {
		t.Errorf("%d scenarios", len(r.scenarios))
	}
	for _, s := range r.scenarios {
		if len(r.samples[sample{s, "ambient"}]) != 2 {
			t.Errorf("%s: ambient was not measured twice", s)
		}
	}
	for _, scenario := range []string{"Get/storages=1", "GetBelow/depth=5", "RunNested", "Spawn/width=64", "Middleware"} {
		if _, ok := r.ratio(scenario, "ambient", "context"); !ok {
			t.Errorf("%s: no ratio to context.Context", scenario)
		}
	}
	if report := r.report(); !strings.Contains(report, "| Middleware / context.WithValue middleware | 1.00 |") {
		t.Error("the report lacks a bar")
	}
}

// The implementations carry the value while they are measured.
func TestImplementationsCarryTheValue(t *testing.T) {
	for _, i := range impls() {
		if i.get != nil {
			sink = nil
			i.get(1, func(op func(int)) { op(1) })
			if sink == nil {
				t.Errorf("%s: get found nothing", i.name)
			}
		}
		if i.read != nil {
			sink = nil
			i.read(5, func(op func(int)) { op(1) })
			if sink == nil {
				t.Errorf("%s: read found nothing", i.name)
			}
		}
		if i.spawn != nil && i.name != "none" {
			sink = nil
			i.spawn(1, func(op func(int)) { op(1) })
			if sink == nil {
				t.Errorf("%s: a child found nothing", i.name)
			}
		}
	}
}

func TestCommands(t *testing.T) {
	for _, c := range []struct {
		args []string
		code int
	}{
		{nil, 2}, {[]string{"help"}, 0}, {[]string{"walk"}, 2}, {[]string{"run", "-x"}, 2}, {[]string{"run", "-only", "("}, 2},
		{[]string{"report"}, 2}, {[]string{"report", "none.txt"}, 2},
	} {
		var stdout, stderr bytes.Buffer
		if code := run(c.args, &stdout, &stderr); code != c.code {
			t.Errorf("%q: exit %d, want %d", c.args, code, c.code)
		}
		if c.code != 0 && strings.Count(stderr.String(), "\n") != 1 {
			t.Errorf("%q: stderr %q", c.args, stderr.String())
		}
	}
}
