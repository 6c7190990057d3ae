package glstest

import (
	"fmt"
	"runtime"
	"slices"
	"strings"

	"github.com/ambient-go/ambient/internal/goroutine"
)

// A stack holds the program counters of the calls that led to a place, innermost first. The rest is
// 0.
type stack [32]uintptr

// here returns the caller's stack.
func here() *stack {
	s := new(stack)
	runtime.Callers(2, s[:])
	return s
}

func (s *stack) frames() []goroutine.Frame {
	n := slices.Index(s[:], 0)
	if n < 0 {
		n = len(s)
	}
	var all []goroutine.Frame
	frames := runtime.CallersFrames(s[:n])
	for more := n > 0; more; {
		var f runtime.Frame
		f, more = frames.Next()
		all = append(all, goroutine.Frame{Function: f.Function, Position: fmt.Sprintf("%s:%d", f.File, f.Line)})
	}
	return all
}

// plumbing lists the prefixes of the functions that texts leave out: those of this module, the
// runtime and package testing.
var plumbing = []string{
	"github.com/ambient-go/ambient/gls.",
	"github.com/ambient-go/ambient/gls/glstest.",
	"github.com/ambient-go/ambient/httpctx.",
	"github.com/ambient-go/ambient/internal/",
	"runtime.",
	"internal/",
	"testing.tRunner",
}

// trim returns the frames of the program's own functions.
func trim(frames []goroutine.Frame) []goroutine.Frame {
	return slices.DeleteFunc(frames, func(f goroutine.Frame) bool {
		return slices.ContainsFunc(plumbing, func(prefix string) bool { return strings.HasPrefix(f.Function, prefix) })
	})
}

// shownFrames is the number of calls that a text shows of a stack at most.
const shownFrames = 8

// writeFrames writes the innermost frames of the program's own functions, in the form of the
// runtime's stacks.
func writeFrames(b *strings.Builder, frames []goroutine.Frame, indent string) {
	frames = trim(frames)
	for i, f := range frames {
		if i == shownFrames {
			fmt.Fprintf(b, "\n%s...%d more", indent, len(frames)-i)
			return
		}
		fmt.Fprintf(b, "\n%s%s", indent, f.Function)
		if f.Position != "" {
			fmt.Fprintf(b, "\n%s\t%s", indent, f.Position)
		}
	}
}
