package goroutine

import (
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/petermattis/goid"
)

// fast says that goid reads the right field of runtime.g in this process. It is false until Fast
// has checked that, which the first ID asks for.
var fast atomic.Bool

// ID returns the id of the running goroutine. Ids are never 0 and, within a process, no two
// goroutines have the same one (runtime/proc.go, newproc1: goidgen only grows). Callbacks from C on
// threads that Go did not start are the exception: one after the other, several may run on one
// goroutine (runtime/proc.go, oneNewExtraM).
func ID() uint64 {
	if fast.Load() || Fast() {
		return FastID()
	}
	return slowID()
}

// FastID is ID where Fast holds. It is small enough to be inlined.
func FastID() uint64 { return uint64(goid.Get()) }

// Fast reports whether ID reads the id from runtime.g. When it does not, it parses runtime.Stack,
// which takes about a microsecond instead of a few nanoseconds. The first call asks several
// goroutines, which have ended when it returns.
func Fast() bool { return check() }

var check = sync.OnceValue(func() bool {
	fast.Store(trustworthy(goid.Get))
	return fast.Load()
})

// headers holds the buffers of slowID: runtime.Stack makes its argument escape, and Get allocates
// nothing.
var headers = sync.Pool{New: func() any { return new([64]byte) }}

// slowID reads the id from the first line of the stack's text.
func slowID() uint64 {
	buf := headers.Get().(*[64]byte)
	defer headers.Put(buf)
	id, ok := parseID(buf[:runtime.Stack(buf[:], false)])
	if !ok {
		panic("gls: the text of runtime.Stack in " + runtime.Version() + " does not begin with a goroutine id")
	}
	return id
}
