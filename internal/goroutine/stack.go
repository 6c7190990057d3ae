package goroutine

import (
	"bytes"
	"runtime"
	"strconv"
	"strings"
)

// The text of runtime.Stack, in the parts that this package reads (runtime/traceback.go,
// goroutineheader and printcreatedby; the forms of Go 1.25 to 1.27 are in testdata):
//
//	goroutine 8 [running]:                          Go 1.27 and later may add labels: goroutine 8 [running] {"a": "b"}:
//	main.f(...)
//		/src/main.go:10 +0x1d
//	created by main.main in goroutine 1             absent for the main goroutine and for callbacks from C
//		/src/main.go:20 +0x50
var (
	headerPrefix   = []byte("goroutine ")
	creatorPrefix  = []byte("\ncreated by ")
	creatorID      = []byte(" in goroutine ")
	ancestorPrefix = []byte("\n[originating from goroutine ") // with GODEBUG=tracebackancestors alone
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

// An Origin tells how a goroutine was started. The zero Origin is that of the main goroutine, of a
// callback from C, and of a goroutine whose text could not be read.
type Origin struct {
	Creator  uint64 // the goroutine that ran the go statement
	Function string // the function that holds it, as runtime names it
	Position string // file:line of the go statement
}

// Started returns the origin of the running goroutine. It formats the whole stack: microseconds,
// for error texts only.
func Started() Origin {
	return parseOrigin(text(false))
}

// Running returns the trace of the running goroutine, at the price of Started.
func Running() Trace {
	trace, _ := parseTrace(text(false))
	return trace
}

// Lineage returns the origin of the running goroutine, of its creator, of the creator's creator and
// so on, as far as the text goes: only the first, unless the program runs with
// GODEBUG=tracebackancestors=N. It costs as much as Started.
func Lineage() []Origin {
	return parseLineage(text(false))
}

// parseLineage reads one goroutine's text. An ancestor's part has its id in the header, and at the
// end the go statement that started it, without the creator's id: that id is in the next header.
func parseLineage(text []byte) []Origin {
	lineage := []Origin{parseOrigin(text)}
	_, rest, more := bytes.Cut(text, ancestorPrefix)
	for more {
		var part []byte
		part, rest, more = bytes.Cut(rest, ancestorPrefix)
		digits, _, _ := bytes.Cut(part, []byte("]"))
		id, err := strconv.ParseUint(string(digits), 10, 64)
		last := &lineage[len(lineage)-1]
		if err != nil || last.Creator != 0 && last.Creator != id {
			return lineage
		}
		last.Creator = id
		at := bytes.LastIndex(part, creatorPrefix)
		if at < 0 {
			return lineage
		}
		lineage = append(lineage, parseCreatedBy(part[at:]))
	}
	if last := len(lineage) - 1; last > 0 && lineage[last].Creator == 0 {
		lineage = lineage[:last] // its creator is beyond the text
	}
	return lineage
}

// parseOrigin reads the last two lines of one goroutine's text. The runtime elides frames in the
// middle of a deep stack and never the end. Under GODEBUG=tracebackancestors the ancestors' own
// stacks follow.
func parseOrigin(text []byte) Origin {
	text, _, _ = bytes.Cut(text, ancestorPrefix)
	if at := bytes.LastIndex(text, creatorPrefix); at >= 0 {
		if origin := parseCreatedBy(text[at:]); origin.Creator != 0 {
			return origin
		}
	}
	return Origin{}
}

// parseCreatedBy reads the two lines about the creator. Creator is 0 if they do not name it.
func parseCreatedBy(text []byte) Origin {
	line, position, _ := bytes.Cut(text[len(creatorPrefix):], []byte("\n"))
	position, _, _ = bytes.Cut(position, []byte("\n"))
	origin := Origin{Function: string(line), Position: trimOffset(string(position))}
	if in := bytes.LastIndex(line, creatorID); in >= 0 {
		id, err := strconv.ParseUint(string(line[in+len(creatorID):]), 10, 64)
		if err != nil {
			return Origin{}
		}
		origin.Creator, origin.Function = id, string(line[:in])
	}
	return origin
}

// trimOffset cuts the offset of the program counter from a position.
func trimOffset(position string) string {
	if offset := strings.LastIndex(position, " +0x"); offset >= 0 {
		position = position[:offset]
	}
	return strings.TrimSpace(position)
}

// Live returns the ids of all goroutines that are alive. It stops the world while the runtime
// formats every stack: some microseconds for each goroutine. A goroutine that starts meanwhile may
// be missing, so ask only for ids that were known before the call. The runtime's own goroutines are
// missing too, including the finalizer goroutine while it runs no finalizer.
func Live() map[uint64]struct{} {
	return parseLive(text(true))
}

// parseLive collects the ids of all header lines. Another line that looks like a header (the
// runtime quotes labels, so none should) only makes a goroutine count as alive.
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
		size += runtime.NumGoroutine() << 11 // each further call stops the world again, however small its buffer
	}
	for {
		buf := make([]byte, size)
		if n := runtime.Stack(buf, all); n < len(buf) {
			return buf[:n]
		}
		size *= 2
	}
}
