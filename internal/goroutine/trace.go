package goroutine

import (
	"bytes"
	"runtime"
	"strconv"
	"strings"
)

// A Trace is the text of runtime.Stack about one goroutine, parsed.
type Trace struct {
	ID     uint64
	State  string // as in the header: "chan receive, 2 minutes"
	Origin Origin // without a Creator if the runtime itself ran the go statement, as for time.AfterFunc

	// Ancestors holds the creator, the creator's creator and so on, as far as the text goes: only
	// the creator, unless the program runs with GODEBUG=tracebackancestors=N.
	Ancestors []uint64

	calls string
}

// A Frame is one call on a stack.
type Frame struct {
	Function string // as runtime names it, without arguments
	Position string // file:line; "" where the runtime left out frames
}

// Traces returns the traces of all goroutines that are alive, by id. Its cost, and the goroutines
// that are missing, are those of Live.
func Traces() map[uint64]Trace {
	return parseTraces(text(true))
}

// parseTraces reads the text of several goroutines, which blank lines separate.
func parseTraces(text []byte) map[uint64]Trace {
	traces := make(map[uint64]Trace)
	for block := range bytes.SplitSeq(text, []byte("\n\n")) {
		if trace, ok := parseTrace(block); ok {
			traces[trace.ID] = trace
		}
	}
	return traces
}

// parseTrace reads the text of one goroutine.
func parseTrace(text []byte) (trace Trace, ok bool) {
	if trace.ID, ok = parseID(text); !ok {
		return Trace{}, false
	}
	text, ancestors, _ := bytes.Cut(text, ancestorPrefix)
	if at := bytes.LastIndex(text, creatorPrefix); at >= 0 {
		trace.Origin = parseCreatedBy(text[at:])
		text = text[:at]
	}
	if trace.Origin.Creator != 0 {
		trace.Ancestors = append(trace.Ancestors, trace.Origin.Creator)
	}
	header, calls, _ := bytes.Cut(text, []byte("\n"))
	_, state, _ := bytes.Cut(header, []byte("["))
	state, _, _ = bytes.Cut(state, []byte("]"))
	trace.State, trace.calls = string(state), string(calls)

	for { // the first ancestor is the creator again
		var more bool
		if _, ancestors, more = bytes.Cut(ancestors, ancestorPrefix); !more {
			return trace, true
		}
		digits, _, _ := bytes.Cut(ancestors, []byte("]"))
		if id, err := strconv.ParseUint(string(digits), 10, 64); err == nil {
			trace.Ancestors = append(trace.Ancestors, id)
		}
	}
}

// Calls reports whether the function, as runtime names it, is on the stack.
func (t Trace) Calls(function string) bool {
	return strings.HasPrefix(t.calls, function+"(") || strings.Contains(t.calls, "\n"+function+"(")
}

// Caller returns the call whose program counter is the first argument of the function on the stack.
// It reports false if the text does not show that argument, or doubts it, and if the counter is of
// no function.
func (t Trace) Caller(function string) (Frame, bool) {
	_, arguments, _ := strings.Cut("\n"+t.calls, "\n"+function+"(")
	first, _, _ := strings.Cut(arguments, ",")
	digits, isNumber := strings.CutPrefix(first, "0x")
	pc, err := strconv.ParseUint(digits, 16, 64) // fails for 0x4be006?, whose register may hold something else by now
	if !isNumber || err != nil {
		return Frame{}, false
	}
	call, _ := runtime.CallersFrames([]uintptr{uintptr(pc)}).Next()
	return Frame{call.Function, call.File + ":" + strconv.Itoa(call.Line)}, call.Function != ""
}

// Frames returns the calls on the stack, innermost first.
func (t Trace) Frames() []Frame {
	var frames []Frame
	for line := range strings.Lines(t.calls) {
		line = strings.TrimSuffix(line, "\n")
		if position, ok := strings.CutPrefix(line, "\t"); ok {
			if n := len(frames); n > 0 {
				frames[n-1].Position = trimOffset(position)
			}
		} else if line != "" {
			// Arguments hold no parenthesis; a method's receiver does.
			if arguments := strings.LastIndexByte(line, '('); arguments > 0 {
				line = line[:arguments]
			}
			frames = append(frames, Frame{Function: line})
		}
	}
	return frames
}
