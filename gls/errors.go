package gls

import (
	"errors"
	"fmt"
	"strings"

	"github.com/ambient-go/ambient/internal/carrier"
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

	// Lost reports that Creator has this storage set right now and started Goroutine by a plain go statement, so that
	// the value was lost there. It is false where Creator has left its scope, or ended, since.
	Lost bool

	// Ended reports, in a build with inheritance, that the goroutine inherited the value at a plain go statement from a
	// scope that has ended, and has received a value from a channel or a sync.Cond since: it may work for others by now.
	Ended bool
}

// Error names the storage, the go statement and the remedy, in one line.
func (e *NotSetError) Error() string {
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
			"received a value since, perhaps for another one: bind what it runs with gls.Bind, or start it with gls.Go",
			e.StartedAt)
	case e.Lost:
		fmt.Fprintf(&b, ": it is set on goroutine %d, which started this one by the go statement in %s: start it with gls.Go",
			e.Creator, e.StartedAt)
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
	origin := goroutine.Started()
	e := &NotSetError{
		Storage:   storage.Name(),
		Goroutine: carrier.Here().Goroutine(),
		Creator:   origin.Creator,
	}
	if origin.Function != "" {
		e.StartedAt = fmt.Sprintf("%s (%s)", origin.Function, origin.Position)
	}
	if e.Ended = carrier.Ended(storage); e.Ended {
		return e
	}
	if k := storage.Key(); k != nil && origin.Creator != 0 && !startedHere(origin) {
		carrier.Of(origin.Creator, func(f *frame.Frame) { e.Lost = f.Find(k) != nil })
	}
	return e
}

// startedHere reports whether the go statement is one of this package, which carries what there is to carry: a value
// that its creator set later is not lost.
func startedHere(origin goroutine.Origin) bool {
	const pkg = "github.com/ambient-go/ambient/gls."
	return origin.Function == pkg+"Go" || origin.Function == pkg+"Snapshot.Go"
}
