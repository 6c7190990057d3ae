package goroutine

import (
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"
)

// A Handle is a goroutine whose exit can be asked about later.
type Handle struct {
	id uint64
	g  unsafe.Pointer // its runtime.g; nil if exits are not known; the zero Handle counts as alive
}

// Self returns the handle of the running goroutine, whose id this is.
func Self(id uint64) Handle {
	if offset() != 0 {
		return Handle{id, getg()}
	}
	if hidden(text(false)) {
		return Handle{}
	}
	return Handle{id: id}
}

// Exited returns a function that reports whether a goroutine has exited. The Handle must have been
// made before the call. Where ExitsKnown holds, the function takes two loads. Elsewhere it is a
// look at the result of one call of Live.
func Exited() func(Handle) bool {
	if offset() != 0 {
		return Handle.exited
	}
	return exitedByText()
}

func exitedByText() func(Handle) bool {
	live := Live()
	return func(h Handle) bool {
		_, alive := live[h.id]
		return !alive && h.id != 0
	}
}

// ExitsKnown reports whether Exited reads runtime.g and does not stop the world.
func ExitsKnown() bool { return offset() != 0 }

// hidden reports whether Live never sees the goroutine with this text. The runtime counts
// goroutines whose function has a name like its own as system goroutines (runtime/traceback.go,
// isSystemGoroutine), those of a module named runtime.example too.
func hidden(text []byte) bool {
	trace, ok := parseTrace(text)
	frames := trace.Frames()
	return !ok || len(frames) == 0 || strings.HasPrefix(frames[len(frames)-1].Function, "runtime.")
}

// offset is the offset of goid in runtime.g, 0 if that is not known. The first call finds out.
// atomicstatus is the word but one before goid (runtime/runtime2.go, type g, Go 1.25 to 1.27).
var offset = sync.OnceValue(findOffset)

const (
	statusBefore = 8
	gdead        = 6      // runtime/runtime2.go, _Gdead; a thread's goroutine between two callbacks from C is no _Gdead
	gscan        = 0x1000 // runtime/runtime2.go, _Gscan

	// searched is the number of bytes of runtime.g that are searched for goid. runtime.g is larger
	// than that on every port.
	searched = 32 * unsafe.Sizeof(uintptr(0))
)

// exited reads the fields of another goroutine's g. The runtime never frees one (runtime/proc.go,
// allgs), and gives it to a new goroutine with a new id. The first load is of an id that the
// runtime stores while the status is _Gdead.
func (h Handle) exited() bool { return h.exitedAt(offset()) }

func (h Handle) exitedAt(offset uintptr) bool {
	goid := (*uint64)(unsafe.Add(h.g, offset))
	status := (*uint32)(unsafe.Add(h.g, offset-statusBefore))
	return atomic.LoadUint32(status)&^gscan == gdead || atomic.LoadUint64(goid) != h.id
}

// findOffset finds the offset of goid and checks on several goroutines that exitedAt is false while
// they run and wait, and true after they have exited. It returns 0 if it finds no such offset.
func findOffset() uintptr {
	if !Fast() || getg() == nil {
		return 0
	}
	handles := [witnesses]Handle{{FastID(), getg()}}
	var ready, done sync.WaitGroup
	release := make(chan struct{})
	ready.Add(len(handles) - 1)
	for i := 1; i < len(handles); i++ {
		done.Go(func() {
			handles[i] = Handle{FastID(), getg()}
			ready.Done()
			<-release
		})
	}
	ready.Wait()
	offset := common(handles[:])
	ok := offset != 0
	for _, h := range handles {
		ok = ok && !h.exitedAt(offset)
	}
	close(release)
	done.Wait()
	for start, tries := time.Now(), 0; ok; runtime.Gosched() { // they have called Done, and exit
		exited := 0
		for _, h := range handles[1:] {
			if h.exitedAt(offset) {
				exited++
			}
		}
		if exited == len(handles)-1 {
			break
		}
		tries++ // for the clock of a testing/synctest bubble, which stands still
		ok = time.Since(start) < 100*time.Millisecond && tries < 1_000_000
	}
	if !ok || handles[0].exitedAt(offset) {
		return 0
	}
	return offset
}

// common returns the first offset at which each goroutine's g holds its id, 0 without one.
func common(handles []Handle) uintptr {
next:
	for offset := uintptr(statusBefore); offset < searched; offset += 4 {
		for _, h := range handles {
			if *(*uint32)(unsafe.Add(h.g, offset)) != uint32(h.id) {
				continue next
			}
		}
		return offset
	}
	return 0
}
