package glstest

import (
	"fmt"
	"strings"
)

// A fault is a misuse of a scope: a wrong Leave, or a missing one.
type fault struct {
	kind   kind
	scope  *entry
	left   *stack   // the Leave at fault; nil for unleft
	first  *stack   // for twice: the Leave before
	leaver uint64   // for elsewhere: the goroutine that called Leave
	inner  []*entry // for disorderly: the scopes entered after it and not left
	times  int
}

// note adds a fault. If the list has one of the same storage, kind and lines, note counts it there
// instead. scopes.mu is held.
func (test *strict) note(f *fault) {
	for _, old := range test.faults {
		if old.kind == f.kind && old.scope.storage == f.scope.storage && old.scope.entered == f.scope.entered &&
			old.first == f.first && old.left == f.left {
			old.times++
			return
		}
	}
	test.faults = append(test.faults, f)
}

type kind int

const (
	elsewhere kind = iota
	twice
	shut
	disorderly
	unleft
)

var phrases = [...]string{
	elsewhere:  "was left on another goroutine",
	twice:      "was left twice",
	shut:       "was left where it is not open: the scope around it has ended, or one inside it hides it",
	disorderly: "was left out of order",
	unleft:     "was not left by the end of the test",
}

// shownInner is the number of open scopes that the text of a fault lists at most.
const shownInner = 4

// String describes the fault. Its first line is the same in each run.
func (f *fault) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "glstest.Strict: the scope of %s %s", f.scope.storage, phrases[f.kind])
	if f.kind == disorderly && len(f.inner) == 0 {
		b.WriteString(": a scope that began after it is open")
	}
	if f.times > 1 {
		fmt.Fprintf(&b, ", %d times", f.times)
	}
	fmt.Fprintf(&b, "\n\tentered on goroutine %d:", f.scope.goroutine)
	writeFrames(&b, f.scope.entered.frames(), "\t\t")
	switch f.kind {
	case unleft:
	case twice:
		b.WriteString("\n\tleft:")
		writeFrames(&b, f.first.frames(), "\t\t")
		b.WriteString("\n\tleft again:")
		writeFrames(&b, f.left.frames(), "\t\t")
	default:
		b.WriteString("\n\tleft")
		if f.kind == elsewhere {
			fmt.Fprintf(&b, " on goroutine %d", f.leaver)
		}
		b.WriteString(":")
		writeFrames(&b, f.left.frames(), "\t\t")
	}
	if len(f.inner) == 0 {
		return b.String()
	}
	b.WriteString("\n\tentered after it and not left before it:")
	for i, e := range f.inner {
		if i == shownInner {
			fmt.Fprintf(&b, "\n\t\t...%d more", len(f.inner)-i)
			break
		}
		fmt.Fprintf(&b, "\n\t\t%s", e.storage)
		if frames := trim(e.entered.frames()); len(frames) > 0 {
			fmt.Fprintf(&b, " in %s (%s)", frames[0].Function, frames[0].Position)
		}
	}
	return b.String()
}
