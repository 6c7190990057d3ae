package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"time"
)

// tolerated limits a ratio to this multiple of the committed one.
const tolerated = 1.25

var errWorse = errors.New("a ratio to context.Context is worse than the committed one by more than 25 %")

// gateCommand measures the scenarios of ratios.txt and compares the ratios.
func gateCommand(stdout, stderr io.Writer) error {
	committed, err := readRatios()
	if err != nil {
		return err
	}
	var names []string
	for name := range committed {
		names = append(names, "^"+regexp.QuoteMeta(name)+"$")
	}
	var output bytes.Buffer
	plan := plan{regexp.MustCompile(strings.Join(names, "|")), 7, 30 * time.Millisecond}
	plan.run([]impl{passed(), ambient()}, &output, stderr)
	r, err := read(&output, "gate")
	if err != nil {
		return err
	}
	worse := false
	for _, s := range r.scenarios {
		q, ok := r.ratio(s, "ambient", "context")
		if !ok {
			continue
		}
		mark := ""
		if q.Center > committed[s]*tolerated {
			worse, mark = true, "  WORSE"
		}
		fmt.Fprintf(stdout, "%-24s %s, committed %s%s\n", s, significant(q.Center), significant(committed[s]), mark)
	}
	if worse {
		return errWorse
	}
	return nil
}

func readRatios() (map[string]float64, error) {
	f, err := os.Open(ratiosFile)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	ratios := map[string]float64{}
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var name string
		var ratio float64
		if _, err := fmt.Sscan(lines.Text(), &name, &ratio); err != nil {
			return nil, fmt.Errorf("%s: %q: %w", ratiosFile, lines.Text(), err)
		}
		ratios[name] = ratio
	}
	return ratios, lines.Err()
}
