package conformance_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"runtime/pprof"
	"runtime/trace"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/internal/testexec"
)

// Rows that start this test binary again or use what the process has one of run in the first state alone.
func TestConformanceProcess(t *testing.T) {
	inEveryState(t, commandRows)
	inOneState(t, processRows)
}

// childVariable names the program that the test binary is when it is started again.
const childVariable = "AMBIENT_CONFORMANCE_CHILD"

var childPrograms = map[string]func(){
	"print":       func() { fmt.Println("hello") },
	"panic":       func() { unrelated.Run("v", func() { unrelated.Exit(func() { failsHere(errors.New("boom")) }) }) },
	"panic in Go": func() { crashIn(gls.Go) },
	"plain panic": func() { crashIn(func(fn func()) { go fn() }) },
	"main enters": mainEnters,
	"data race":   dataRace,
}

// init is the first function on the main goroutine that a test can have.
func init() {
	if program, ok := childPrograms[os.Getenv(childVariable)]; ok {
		program()
		os.Exit(0)
	}
}

func childCommand(program string) *exec.Cmd {
	cmd := testexec.Command()
	cmd.Env = append(os.Environ(), childVariable+"="+program, "GORACE=atexit_sleep_ms=0")
	return cmd
}

// runChild returns what the program writes and its exit code.
func runChild(t *probe, program string) (output string, code int) {
	t.Helper()
	out, err := childCommand(program).CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		assert.NoError(t, err)
		return "", 0
	}
	if exit != nil {
		code = exit.ExitCode()
	}
	return string(out), code
}

var commandRows = []row{
	{"G-35 an exec.Cmd that writes to a writer", func(t *probe) {
		s := fresh[string](t)
		s.Run("v", func() {
			cmd := childCommand("print")
			var plain, bound bytes.Buffer
			c := gls.Capture()
			cmd.Stdout = callbackWriter{&plain, func() { plainSees(t, "v", s) }}
			assert.NoError(t, cmd.Run())
			cmd = childCommand("print")
			cmd.Stdout = writerFunc(func(p []byte) (n int, err error) {
				c.Run(func() {
					sees(t, "v", s)
					n, err = bound.Write(p)
				})
				return n, err
			})
			assert.NoError(t, cmd.Run())
			assert.Equal(t, "hello\n", plain.String())
			assert.Equal(t, "hello\n", bound.String())
		})
	}},
}

// accessLines finds the function of each access that the race detector reports.
var accessLines = regexp.MustCompile(`(?m)^(?:Previous )?(?:[Rr]ead|[Ww]rite) at 0x.*:\n(.*)$`)

type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

var processRows = []row{
	{"ND-04 the crash output of a panic in Run", func(t *probe) {
		output, code := runChild(t, "panic")
		assert.Equal(t, 2, code)
		assert.True(t, strings.HasPrefix(output, "panic: "), output)
		assert.Contains(t, output, "boom")
		assert.NotContains(t, output, "recovered")
		assert.NotContains(t, output, "panic: boom [")
		assert.Contains(t, output, ".failsHere(")
		assert.Equal(t, 1, strings.Count(output, "panic: "), output)
	}},
	{"ND-04 the crash output of a panic in a child is that of a plain go statement", func(t *probe) {
		inGo, code := runChild(t, "panic in Go")
		plain, plainCode := runChild(t, "plain panic")
		assert.Equal(t, plainCode, code)
		head := func(output string) string {
			head, _, _ := strings.Cut(output, "goroutine ")
			return head
		}
		assert.Equal(t, head(plain), head(inGo))
		assert.Contains(t, inGo, "boom")
		assert.NotContains(t, inGo, "recovered")
		assert.Contains(t, inGo, ".failsHere(")
	}},
	{"G-50 an Enter of the main goroutine that is not left", func(t *probe) {
		output, code := runChild(t, "main enters")
		assert.Equal(t, "", output)
		assert.Zero(t, code)
	}},
	{"G-59 a package-level storage in package initialisation", func(t *probe) {
		assert.Equal(t, "set", seenEarly)
		unset(t, early)
	}},
	{"G-63 the race detector reports the user's race", func(t *probe) {
		if !testexec.Race {
			t.Logf("this binary has no race detector")
			return
		}
		output, code := runChild(t, "data race")
		assert.Equal(t, 66, code)
		assert.Contains(t, output, "WARNING: DATA RACE")
		accesses := accessLines.FindAllStringSubmatch(output, -1)
		assert.GreaterOrEqual(t, len(accesses), 2, output)
		for _, access := range accesses {
			assert.Contains(t, access[1], "conformance_test.dataRace", "whose access it is")
		}
	}},
	{"G-31 a CPU profile and an execution trace", func(t *probe) {
		s := gls.New[string]("")
		work := func(long time.Duration) {
			s.Run("v", func() {
				for start := time.Now(); time.Since(start) < long; {
					s.Run("w", func() { inGo(func() { sees(t, "w", s) }) })
					sees(t, "v", s)
				}
			})
		}
		// profiled reports whether a function of this module was running at a moment that the profiler chose.
		profiled := func(long time.Duration) bool {
			var profile bytes.Buffer
			if pprof.StartCPUProfile(&profile) != nil { // under go test -cpuprofile
				return true
			}
			pprof.Do(context.Background(), pprof.Labels("row", "profiled"), func(context.Context) { work(long) })
			pprof.StopCPUProfile()
			unzip, err := gzip.NewReader(&profile)
			if !assert.NoError(t, err) {
				return true
			}
			content, err := io.ReadAll(unzip)
			assert.NoError(t, err)
			return strings.Contains(string(content), "ambient-go/ambient/")
		}
		long := 30 * time.Millisecond
		for long < 10*time.Second && !profiled(long) { // a busy machine leaves no processor to be seen on
			long *= 4
		}
		assert.Less(t, long, 10*time.Second, "the profile has no function of this module")
		var events bytes.Buffer
		if err := trace.Start(&events); err == nil {
			trace.WithRegion(context.Background(), "region", func() { work(30 * time.Millisecond) })
			trace.Stop()
			assert.True(t, strings.HasPrefix(events.String(), "go 1."))
		}
	}},
}

// early is set while package-level variables are initialised, which is before any init function.
var (
	early     = gls.New[string]("early")
	seenEarly = gls.Call(early, "set", func() string { return early.GetOrFail() })
)

// crashIn panics on a goroutine that start has started.
func crashIn(start func(fn func())) {
	unrelated.Run("v", func() { start(func() { failsHere(errors.New("boom")) }) })
	select {}
}

// mainEnters is a program that writes nothing when all is well.
func mainEnters() {
	unrelated.Enter("main's")
	want := ""
	if gls.Propagation() == gls.Inherited {
		want = "main's"
	}
	check := func(want string) {
		if got, ok := unrelated.Get(); got != want || ok != (want != "") {
			fmt.Printf("Get returns %q, %t, want %q\n", got, ok, want)
		}
	}
	check("main's")
	onGoroutine(func() { check(want) })
	inGo(func() { check("main's") })
	onGoroutine(func() { onGoroutine(func() { check(want) }) })
	check("main's")
}

// dataRace is a program in which two children write to one value without a lock. That they call Get before and after
// must not look like a synchronisation.
func dataRace() {
	type counter struct{ n int }
	s := gls.New[*counter]("")
	var wg gls.WaitGroup
	started := make(chan struct{})
	s.Run(&counter{}, func() {
		for i := range 2 {
			wg.Go(func() {
				c := s.GetOrFail()
				s.Run(c, func() {
					started <- struct{}{}
					time.Sleep(time.Duration(1+20*i) * time.Millisecond)
					s.GetOrFail().n++
					s.Get()
					time.Sleep(50 * time.Millisecond)
				})
			})
		}
		<-started
		<-started
	})
	wg.Wait()
}
