package goroutine

import (
	"bytes"
	"runtime"
	"strconv"
)

// The text of runtime.Stack, in the parts that this package reads (runtime/traceback.go, goroutineheader and
// printcreatedby; the forms of Go 1.25 to 1.27 are in testdata):
//
//	goroutine 8 [running]:                          Go 1.27 and later may add labels: goroutine 8 [running] {"a": "b"}:
//	main.f(...)
//		/src/main.go:10 +0x1d
//	created by main.main in goroutine 1             absent for the main goroutine and for callbacks from C
//		/src/main.go:20 +0x50
var (
	headerPrefix  = []byte("goroutine ")
	creatorPrefix = []byte("created by ")
	creatorID     = []byte(" in goroutine ")
)

// parseID reads the id at the start of a goroutine's text, up to the first space after it.
func parseID(text []byte) (uint64, bool) {
	rest, ok := bytes.CutPrefix(text, headerPrefix)
	if !ok {
		return 0, false
	}
	digits, _, ok := bytes.Cut(rest, []byte(" "))
	if !ok {
		return 0, false
	}
	id, err := strconv.ParseUint(string(digits), 10, 64)
	return id, err == nil && id != 0
}

// An Origin tells who started a goroutine. The zero Origin is that of the main goroutine, of a callback from C, and of
// a goroutine whose text could not be read.
type Origin struct {
	Creator  uint64 // the goroutine that ran the go statement
	Function string // the function that holds it, as runtime names it
	Position string // file:line of the go statement
}

// Started returns the origin of the running goroutine. It formats the whole stack: microseconds, for error texts only.
func Started() Origin {
	return parseOrigin(text(false))
}

// parseOrigin reads the last two lines of one goroutine's text. The runtime elides frames in the middle of a deep
// stack and never the end.
func parseOrigin(text []byte) Origin {
	at := bytes.LastIndex(text, append([]byte("\n"), creatorPrefix...))
	if at < 0 {
		return Origin{}
	}
	line, position, _ := bytes.Cut(text[at+1+len(creatorPrefix):], []byte("\n"))
	in := bytes.LastIndex(line, creatorID)
	if in < 0 {
		return Origin{}
	}
	id, err := strconv.ParseUint(string(line[in+len(creatorID):]), 10, 64)
	if err != nil {
		return Origin{}
	}
	position, _, _ = bytes.Cut(position, []byte("\n"))
	if offset := bytes.LastIndex(position, []byte(" +0x")); offset >= 0 {
		position = position[:offset]
	}
	return Origin{Creator: id, Function: string(line[:in]), Position: string(bytes.TrimSpace(position))}
}

// Live returns the ids of all goroutines that are alive. It stops the world for the time that the runtime needs to
// format every stack: some microseconds for each goroutine. A goroutine that starts meanwhile may be missing, so ask
// only for ids that were known before the call. The runtime's own goroutines are missing too, which includes the one
// that runs finalizers while it runs none.
func Live() map[uint64]struct{} {
	return parseLive(text(true))
}

// parseLive collects the ids of all header lines. Whatever else looks like one (labels are quoted by the runtime, so
// nothing should) only makes a goroutine count as alive.
func parseLive(text []byte) map[uint64]struct{} {
	live := make(map[uint64]struct{})
	for line := range bytes.Lines(text) {
		if id, ok := parseID(line); ok {
			live[id] = struct{}{}
		}
	}
	return live
}

// text returns the whole of runtime.Stack's text.
func text(all bool) []byte {
	size := 8 << 10
	if all {
		size += runtime.NumGoroutine() << 9
	}
	for {
		buf := make([]byte, size)
		if n := runtime.Stack(buf, all); n < len(buf) {
			return buf[:n]
		}
		size *= 2
	}
}
