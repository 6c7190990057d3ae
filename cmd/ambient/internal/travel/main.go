// Command travel prints, for each way in which Go runs a function somewhere else, whether the
// function sees the values of the code that started or registered it. Its output in both modes is
// the table of what travels by what.
package main

import (
	"fmt"
	"os"
	"time"

	"github.com/ambient-go/ambient/gls"
)

var value = gls.New[string]("value")

// subtest is the argument with which the program runs itself as a test.
const subtest = "subtest"

// here is the value that is set around each construct. Any other value that a function sees is
// another flow's.
const here = "here"

// A way is one construct. use starts it in a frame with here in it; when its function runs, it
// calls report.
type way struct {
	name string
	use  func(report func())
}

func main() {
	if len(os.Args) == 2 && os.Args[1] == subtest {
		runSubtest()
	}
	fmt.Println(gls.Propagation())
	failed := false
	for _, w := range ways() {
		seen, err := try(w)
		failed = failed || err != nil
		if err != nil {
			seen = err.Error()
		}
		fmt.Printf("%s\t%s\n", w.name, seen)
	}
	if failed {
		os.Exit(1)
	}
}

// try uses a construct in a frame of its own and returns the value that its function saw.
func try(w way) (string, error) {
	seen := make(chan string, 1)
	report := func() {
		v, ok := value.Get()
		switch {
		case !ok:
			v = "no"
		case v == here:
			v = "yes"
		}
		select {
		case seen <- v:
		default:
		}
	}
	w.use(report)
	select {
	case v := <-seen:
		if v != "yes" && v != "no" {
			return "", fmt.Errorf("sees %s", v)
		}
		return v, nil
	case <-time.After(10 * time.Second):
		return "", fmt.Errorf("was not called")
	}
}

// with calls fn with here set.
func with(fn func()) { value.Run(here, fn) }

// elsewhere calls fn with another value set, which no function may ever see.
func elsewhere(fn func()) { value.Run("somebody else's", fn) }

func ways() []way {
	var all []way
	for _, group := range [][]way{carried, started, later, inHTTP, inSQL, byRuntime, fromC} {
		all = append(all, group...)
	}
	return all
}
