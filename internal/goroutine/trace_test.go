package goroutine_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/internal/goroutine"
)

// The fixtures are what testdata/traces/main.go printed; the ids differ from one Go release to the next.
func TestTracesFixtures(t *testing.T) {
	const file = "github.com/ambient-go/ambient/internal/goroutine/testdata/traces/main.go"
	files, err := filepath.Glob("testdata/traces/go1.*.txt")
	require.NoError(t, err)
	require.Len(t, files, 6)
	for _, name := range files {
		t.Run(filepath.Base(name), func(t *testing.T) {
			text, err := os.ReadFile(name)
			require.NoError(t, err)
			traces := goroutine.ParseTraces(text)
			require.Len(t, traces, 7, "a label that looks like a header is none")

			byFunction := map[string]goroutine.Trace{}
			for id, trace := range traces {
				assert.Equal(t, id, trace.ID)
				frames := trace.Frames()
				outermost := frames[len(frames)-1].Function
				if outermost == "runtime.goexit" { // the runtime shows it of those that have not begun
					outermost = frames[0].Function
				}
				byFunction[outermost] = trace
			}

			main := byFunction["main.main"]
			assert.Equal(t, uint64(1), main.ID)
			assert.Equal(t, "running", main.State)
			assert.Zero(t, main.Origin)
			assert.Empty(t, main.Ancestors)

			assert.Equal(t, "runnable", byFunction["main.main.gowrap3"].State)
			assert.Equal(t, "runnable", byFunction["main.main.func3"].State)

			loop := byFunction["main.(*server).loop"]
			assert.Equal(t, "chan receive", loop.State)
			assert.Equal(t, goroutine.Origin{Creator: 1, Function: "main.main", Position: file + ":31"}, loop.Origin)
			frame := goroutine.Frame{Function: "main.(*server).loop", Position: file + ":19"}
			assert.Equal(t, []goroutine.Frame{frame}, loop.Frames(), "arguments are cut off")
			assert.Equal(t, []uint64{1}, loop.Ancestors)

			deep := byFunction["main.deep"].Frames()
			require.Greater(t, len(deep), 50)
			assert.Contains(t, deep, goroutine.Frame{Function: "...101 frames elided..."})
			assert.Equal(t, goroutine.Frame{Function: "main.deep", Position: file + ":23"}, deep[len(deep)-1])

			timer := byFunction["main.main.func2"]
			assert.Zero(t, timer.Origin.Creator, "the runtime ran the go statement")
			assert.Equal(t, "time.goFunc", timer.Origin.Function)
			assert.True(t, strings.HasPrefix(timer.Origin.Position, "time/sleep.go:"), timer.Origin.Position)
			assert.Empty(t, timer.Ancestors)

			child := byFunction["main.main.func1.1"]
			assert.Equal(t, "sync.Mutex.Lock", child.State)
			assert.NotContains(t, traces, child.Origin.Creator, "it has exited")
			assert.Equal(t, "main.main.func1", child.Origin.Function)
			assert.True(t, child.Calls("main.main.func1.1"))
			assert.True(t, child.Calls("internal/sync.runtime_SemacquireMutex"), "the innermost call")
			assert.False(t, child.Calls("main.main.func1"), "the creator is no call")
			assert.False(t, child.Calls("main.main"), "an ancestor's frame is no call")
			if strings.Contains(name, "ancestors") {
				assert.Equal(t, []uint64{child.Origin.Creator, 1}, child.Ancestors)
			} else {
				assert.Equal(t, []uint64{child.Origin.Creator}, child.Ancestors)
			}
		})
	}
}

func TestOriginWithTracebackAncestors(t *testing.T) {
	text := "goroutine 5 [running]:\nmain.f()\n\t/f.go:1 +0x1\ncreated by main.g in goroutine 4\n\t/g.go:2 +0x1\n" +
		"[originating from goroutine 4]:\nmain.g(...)\n\t/g.go:3 +0x1\ncreated by main.h in goroutine 3\n\t/h.go:4 +0x1\n" +
		"[originating from goroutine 3]:\nmain.h(...)\n\t/h.go:5 +0x1\ncreated by main.main\n\t/m.go:6 +0x1\n"
	want := goroutine.Origin{Creator: 4, Function: "main.g", Position: "/g.go:2"}
	assert.Equal(t, want, goroutine.ParseOrigin([]byte(text)))
	assert.Equal(t, []uint64{4, 3}, traceOf(t, text).Ancestors)

	// Goroutine 3 was started by one that the text does not tell.
	all := []goroutine.Origin{want, {Creator: 3, Function: "main.h", Position: "/h.go:4"}}
	assert.Equal(t, all, goroutine.ParseLineage([]byte(text)))
	text += "[originating from goroutine 1]:\nmain.main(...)\n\t/m.go:7 +0x1\n"
	all = append(all, goroutine.Origin{Creator: 1, Function: "main.main", Position: "/m.go:6"})
	assert.Equal(t, all, goroutine.ParseLineage([]byte(text)), "the main goroutine was started by none")
}

func TestLineageOfOddTexts(t *testing.T) {
	origin := goroutine.Origin{Creator: 4, Function: "main.g", Position: "/g.go:2"}
	const text = "goroutine 5 [running]:\nmain.f()\n\t/f.go:1 +0x1\ncreated by main.g in goroutine 4\n\t/g.go:2 +0x1\n"
	for name, more := range map[string]string{
		"no ancestors":    "",
		"cut off":         "[originating from goroutine",
		"no number":       "[originating from goroutine x]:\nmain.g(...)\n\t/g.go:3 +0x1\n",
		"another creator": "[originating from goroutine 7]:\nmain.g(...)\n\t/g.go:3 +0x1\ncreated by main.h\n\t/h.go:4 +0x1\n",
		"no creator":      "[originating from goroutine 4]:\nmain.g(...)\n\t/g.go:3 +0x1\n",
	} {
		assert.Equal(t, []goroutine.Origin{origin}, goroutine.ParseLineage([]byte(text+more)), name)
	}
	assert.Equal(t, []goroutine.Origin{{}}, goroutine.ParseLineage(nil))
}

func TestTracesOfOddTexts(t *testing.T) {
	assert.Empty(t, goroutine.ParseTraces(nil))
	assert.Empty(t, goroutine.ParseTraces([]byte("no header\n\ngoroutine x [running]:\nmain.f()\n\t/f.go:1\n")))

	hidden := traceOf(t, "goroutine 5 [running]:\ncreated by main.g in goroutine 4\n\t/g.go:2 +0x1\n")
	assert.Empty(t, hidden.Frames(), "every call is the runtime's own")
	assert.Equal(t, uint64(4), hidden.Origin.Creator)

	away := traceOf(t, "goroutine 5 [running]:\n\tgoroutine running on other thread; stack unavailable\n"+
		"created by main.g in goroutine 4\n\t/g.go:2 +0x1\n")
	assert.Empty(t, away.Frames())
	assert.Equal(t, "main.g", away.Origin.Function)

	cut := traceOf(t, "goroutine 5 [select")
	assert.Empty(t, cut.Frames())
	assert.Zero(t, cut.Origin)
}

func traceOf(t *testing.T, text string) goroutine.Trace {
	traces := goroutine.ParseTraces([]byte(text))
	require.Contains(t, traces, uint64(5))
	return traces[5]
}

func TestTracesHaveTheRunningGoroutineAndItsChildren(t *testing.T) {
	id, release := make(chan uint64), make(chan bool)
	go func() {
		id <- goroutine.ID()
		<-release
	}()
	child := <-id
	defer close(release)
	traces := goroutine.Traces()
	assert.Equal(t, goroutine.ID(), traces[child].Origin.Creator)
	own := traces[goroutine.ID()]
	assert.True(t, own.Calls("testing.tRunner"))
	assert.Equal(t, "running", own.State)
}

func TestCallerIsTheFirstArgumentOfAFunctionOnTheStack(t *testing.T) {
	pc, _, line, _ := runtime.Caller(0)
	at := fmt.Sprintf("0x%x", pc+1) // as a return address
	for text, want := range map[string]bool{
		"p.start(" + at + ", 0x1, 0x2?)":                         true,
		"p.inner(0x1)\n\t/a.go:1 +0x1\np.start(" + at + ", 0x1)": true,
		"p.start(" + at + "?, 0x1)":                              false, // the register may hold something else
		"p.start(0x1, 0x1)":                                      false, // no function's
		"p.start({" + at + ", 0x1}, 0x1)":                        false,
		"p.start(...)":                                           false,
		"p.start()":                                              false,
		"p.restart(" + at + ", 0x1)":                             false,
		"other.p.start(" + at + ", 0x1)":                         false,
		"":                                                       false,
	} {
		trace, ok := goroutine.ParseTrace([]byte("goroutine 7 [running]:\n" + text + "\n\t/p.go:3 +0x1\n"))
		require.True(t, ok)
		call, ok := trace.Caller("p.start")
		if assert.Equal(t, want, ok, text); ok {
			assert.True(t, strings.HasSuffix(call.Function, ".TestCallerIsTheFirstArgumentOfAFunctionOnTheStack"), call)
			assert.True(t, strings.HasSuffix(call.Position, fmt.Sprint("/trace_test.go:", line)), call)
		}
	}
}
