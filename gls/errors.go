package gls

import (
	"errors"
	"fmt"
	"strings"

	"github.com/ambient-go/ambient/internal/carrier"
	"github.com/ambient-go/ambient/internal/constructs"
	"github.com/ambient-go/ambient/internal/frame"
	"github.com/ambient-go/ambient/internal/goroutine"
)

// ErrNotSet matches every NotSetError in errors.Is.
var ErrNotSet = errors.New("gls: not set")

// A NotSetError says that a storage is not set on a goroutine, and what is known about the cause.
type NotSetError struct {
	Storage   string // the storage's name, "" without one
	Goroutine uint64 // the goroutine that read the storage
	Creator   uint64 // the goroutine that started Goroutine; 0 when unknown

	// StartedAt is the go statement that started Goroutine, as "function (file:line)". It is "" for
	// the main goroutine and when it is unknown.
	StartedAt string

	// Carried reports that Go or Snapshot.Go started Goroutine with its creator's values. StartedAt
	// is then the call of Go, on amd64 and arm64 and if a value was set at that call.
	Carried bool

	// LostAt is the go statement at which the value was lost, in the form of StartedAt. If Lost is
	// true, it is StartedAt. If Ancestor is not 0, that goroutine has this storage set right now
	// and started Creator or an ancestor of it; LostAt is then a go statement on the way from
	// Ancestor to Goroutine. Ancestors beyond Creator are known only to a program that runs with
	// GODEBUG=tracebackancestors=N.
	LostAt   string
	Ancestor uint64

	// Lost reports that Creator has this storage set right now and started Goroutine by a plain go
	// statement, which lost the value. It is false if Creator has left its scope or exited since,
	// and if a Snapshot or Isolate hides the value on purpose.
	Lost bool

	// Ended reports, in a build with inheritance, that the goroutine inherited the value at a plain
	// go statement from a scope that has ended, and that it has received a value from a channel or
	// a sync.Cond since. It may work for other flows by now.
	Ended bool

	// Construct names the library function that ran a function on Goroutine, if the program cannot
	// change the go statement: "errgroup.Group.Go", "time.AfterFunc". It is "" elsewhere.
	Construct string

	// Function is the program's function that Construct ran, as "function (file:line)", if the
	// stack shows it. It is "" elsewhere.
	Function string

	// Remedy is the change that keeps the value: "make it a gls.WaitGroup". It is "" if no loss is
	// known.
	Remedy string

	// Detail, if not "", is the whole text that Error returns. A package that keeps values of its
	// own sets it, such as httpctx for a request that has no value for a key.
	Detail string
}

// Error names the storage, the go statement or the construct that contains it, and the remedy, in
// one line.
func (e *NotSetError) Error() string {
	if e.Detail != "" {
		return e.Detail
	}
	var b strings.Builder
	b.WriteString("gls: ")
	if e.Storage != "" {
		fmt.Fprintf(&b, "storage %q", e.Storage)
	} else {
		b.WriteString("a storage without a name")
	}
	fmt.Fprintf(&b, " is not set on goroutine %d", e.Goroutine)
	switch {
	case e.Ended:
		fmt.Fprintf(&b, ": it was inherited at the go statement in %s from a scope that has ended, and this goroutine has "+
			"received a value since, perhaps of another flow: %s", e.StartedAt, e.Remedy)
	case e.Ancestor != 0:
		fmt.Fprintf(&b, ": it is set on goroutine %d, and was lost on the way from there to this one, at the go statement in "+
			"%s: %s", e.Ancestor, e.LostAt, e.Remedy)
	case e.Construct != "":
		function := e.Function
		if function == "" {
			function = "its function"
		}
		fmt.Fprintf(&b, ", on which %s runs %s without its caller's values: %s", e.Construct, function, e.Remedy)
	case e.Lost:
		fmt.Fprintf(&b, ": it is set on goroutine %d, which started this one by the go statement in %s: %s",
			e.Creator, e.StartedAt, e.Remedy)
	case e.StartedAt != "":
		fmt.Fprintf(&b, ", started by goroutine %d in %s", e.Creator, e.StartedAt)
	}
	return b.String()
}

// Is reports whether target is ErrNotSet.
func (e *NotSetError) Is(target error) bool { return target == ErrNotSet }

// newNotSetError explains why the storage is not set on the running goroutine. It reads the
// goroutine's stack, which takes microseconds.
func newNotSetError(storage *frame.Storage) *NotSetError {
	trace := goroutine.Running()
	origin := trace.Origin
	e := &NotSetError{
		Storage:   storage.Name(),
		Goroutine: carrier.Here().Goroutine(),
		Creator:   origin.Creator,
		StartedAt: statement(origin),
		Carried:   startedHere(origin),
	}
	if e.Carried {
		if call, ok := trace.Caller(carrier.StartName); ok && !strings.HasPrefix(call.Function, pkg) {
			e.StartedAt = statement(goroutine.Origin{Function: call.Function, Position: call.Position})
		}
	}
	if e.Ended = carrier.Ended(storage); e.Ended {
		e.Remedy = "hand over each task with gls.Bind, or start a goroutine that belongs to one flow with gls.Go"
		return e
	}
	if inSnapshot(trace) {
		return e
	}
	lineage := []goroutine.Origin{origin}
	if len(trace.Ancestors) > 1 {
		lineage = goroutine.Lineage()
	}
	if k := storage.Key(); k != nil {
		e.lose(k, lineage)
	}
	if e.Ancestor == 0 && !e.Carried {
		e.explain(trace)
	}
	return e
}

// lose finds the nearest ancestor on which the key is set right now, and the go statement on the
// way from there that did not carry the value.
func (e *NotSetError) lose(k *frame.Key, lineage []goroutine.Origin) {
	for i, origin := range lineage {
		if origin.Creator == 0 {
			return
		}
		set := false
		carrier.Of(origin.Creator, func(f *frame.Frame) { set = f.Find(k) != nil })
		if !set {
			continue
		}
		at := i
		for at >= 0 && startedHere(lineage[at]) { // gls.Go carried the frame: the value was set later
			at--
		}
		switch {
		case at < 0:
		case i == 0:
			e.Lost, e.LostAt = true, e.StartedAt
		default:
			e.LostAt, e.Ancestor, e.Remedy = statement(lineage[at]), origin.Creator, constructs.Go
			if c, ok := constructs.Of(lineage[at].Function, lineage[at].Position); ok {
				e.Remedy = c.Remedy
			}
		}
		return
	}
}

// statement returns the text for a go statement, "" if it is unknown.
func statement(origin goroutine.Origin) string {
	if origin.Function == "" {
		return ""
	}
	return fmt.Sprintf("%s (%s)", origin.Function, origin.Position)
}

// pkg is the prefix of this package's functions in a stack. started is the function that runs on a
// goroutine that Go started.
const pkg = "github.com/ambient-go/ambient/gls."

// startedHere reports whether the go statement is in Go or Snapshot.Go of this package. Both carry
// the frame, so the creator set a value that is missing here later: it was not lost.
func startedHere(origin goroutine.Origin) bool {
	return origin.Function == pkg+"Go" || origin.Function == pkg+"Snapshot.Go"
}

// inSnapshot reports whether the running function is inside a frame that hides all values that are
// not in it: the frame of a Snapshot, a bound function, WaitGroup.Go, AfterFunc, Isolate or a ctx
// that carries a snapshot.
func inSnapshot(trace goroutine.Trace) bool {
	if trace.Calls(pkg+"Snapshot.Run") || trace.Calls(pkg+"Isolate") {
		return true
	}
	if !trace.Calls(pkg + "Resume") {
		return false
	}
	inner := ""
	for _, f := range trace.Frames() {
		// Resume of a ctx without a snapshot keeps the caller's frame and calls Storage.Run.
		if f.Function == pkg+"Resume" && !strings.HasPrefix(inner, pkg+"(*Storage[") {
			return true
		}
		inner = f.Function
	}
	return false
}
