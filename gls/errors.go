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

// ErrNotSet is what every NotSetError is, for errors.Is.
var ErrNotSet = errors.New("gls: not set")

// A NotSetError says that a storage is not set on a goroutine, and what is known about why.
type NotSetError struct {
	Storage   string // its name, "" when it has none
	Goroutine uint64 // the goroutine that asked
	Creator   uint64 // the goroutine that started it; 0 when unknown
	StartedAt string // "function (file:line)" of the go statement that started it; "" for the main goroutine or when unknown

	// Carried reports that Go or Snapshot.Go started it, with the values there were. StartedAt is then where they were
	// called, on amd64 and arm64 and where a value was set at all.
	Carried bool

	// LostAt is the go statement at which the value was lost, in the form of StartedAt: StartedAt itself where Lost
	// is true. Where Ancestor, further up than Creator, has this storage set right now, it is the one on the way
	// from there. Ancestors are known where the program runs with GODEBUG=tracebackancestors=N.
	LostAt   string
	Ancestor uint64

	// Lost reports that Creator has this storage set right now and started Goroutine by a plain go statement, so that
	// the value was lost there. It is false where Creator has left its scope, or ended, since, and where a Snapshot or
	// Isolate hides the value on purpose.
	Lost bool

	// Ended reports, in a build with inheritance, that the goroutine inherited the value at a plain go statement
	// from a scope that has ended, and has received a value from a channel or a sync.Cond since: it may work for
	// others by now.
	Ended bool

	// Construct names what ran a function on Goroutine, where the go statement is not one that the program can change:
	// "errgroup.Group.Go", "time.AfterFunc". It is "" elsewhere.
	Construct string

	// Function is the "function (file:line)" of the program that Construct ran, as far as the stack tells; ""
	// elsewhere.
	Function string

	// Remedy is what to write instead: "make it a gls.WaitGroup". It is "" where nothing is known to be lost.
	Remedy string

	// Detail is the whole text of Error where a package that keeps values of its own knows better than gls: that an
	// HTTP request has no value for a key of httpctx. It is empty otherwise.
	Detail string
}

// Error names the storage, the go statement or what contains it, and the remedy, in one line.
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

// newNotSetError explains why the storage is not set on the running goroutine. It reads the goroutine's stack, which
// takes microseconds.
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

// lose finds the nearest ancestor on which the key is set right now, and the go statement on the way from there
// that did not carry it.
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
		for at >= 0 && startedHere(lineage[at]) { // gls.Go carried what there was: it was set later
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

// statement is the text for a go statement.
func statement(origin goroutine.Origin) string {
	if origin.Function == "" {
		return ""
	}
	return fmt.Sprintf("%s (%s)", origin.Function, origin.Position)
}

// pkg begins the names of this package's functions.
const pkg = "github.com/ambient-go/ambient/gls."

// startedHere reports whether the go statement is one of this package, which carries what there is to carry: a value
// that its creator set later is not lost.
func startedHere(origin goroutine.Origin) bool {
	return origin.Function == pkg+"Go" || origin.Function == pkg+"Snapshot.Go"
}

// inSnapshot reports whether a frame is in force that hides what is not in it, whoever started the goroutine: that of a
// Snapshot, of a bound function, of gls.WaitGroup and AfterFunc, of a ctx that carries one, of Isolate.
func inSnapshot(trace goroutine.Trace) bool {
	if trace.Calls(pkg+"Snapshot.Run") || trace.Calls(pkg+"Isolate") {
		return true
	}
	if !trace.Calls(pkg + "Resume") {
		return false
	}
	inner := ""
	for _, f := range trace.Frames() {
		// A ctx without a snapshot is set in the frame that is in force: by Storage.Run.
		if f.Function == pkg+"Resume" && !strings.HasPrefix(inner, pkg+"(*Storage[") {
			return true
		}
		inner = f.Function
	}
	return false
}
