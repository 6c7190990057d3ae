package gls_test

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/internal/api"
	"github.com/ambient-go/ambient/internal/testexec"
)

// crashes are programs that end badly: each runs in a process of its own, on the test's goroutine.
var crashes = map[string]func(s *gls.Storage[int]){
	"go":              func(*gls.Storage[int]) { go userFunction() },
	"Go":              func(s *gls.Storage[int]) { s.Run(1, func() { gls.Go(userFunction) }) },
	"Go, nothing set": func(*gls.Storage[int]) { gls.Go(userFunction) },
	"Snapshot.Go":     func(s *gls.Storage[int]) { s.Run(1, func() { gls.Capture().Go(userFunction) }) },
	"go Run":          func(s *gls.Storage[int]) { go s.Run(1, userFunction) },
	"go deep":         func(s *gls.Storage[int]) { go s.Run(1, func() { gls.Isolate(func() { s.Exit(userFunction) }) }) },
	"go Bind":         func(s *gls.Storage[int]) { s.Run(1, func() { go gls.Bind(userFunction)() }) },
	"go Enter": func(s *gls.Storage[int]) {
		go func() {
			defer s.Enter(1).Leave()
			userFunction()
		}()
	},

	"sync.WaitGroup.Go": func(*gls.Storage[int]) { new(sync.WaitGroup).Go(userFunction) },
	"WaitGroup.Go":      func(s *gls.Storage[int]) { s.Run(1, func() { new(gls.WaitGroup).Go(userFunction) }) },
	"time.AfterFunc":    func(*gls.Storage[int]) { time.AfterFunc(0, userFunction) },
	"AfterFunc":         func(s *gls.Storage[int]) { s.Run(1, func() { gls.AfterFunc(0, userFunction) }) },

	"go, fault": func(*gls.Storage[int]) { go fault() },
	"Go, fault": func(s *gls.Storage[int]) { s.Run(1, func() { gls.Go(fault) }) },
	"go, error": func(*gls.Storage[int]) { go func() { panic(errors.New("an error")) }() },
	"Go, error": func(s *gls.Storage[int]) { s.Run(1, func() { gls.Go(func() { panic(errors.New("an error")) }) }) },

	"Goexit": func(s *gls.Storage[int]) {
		s.Run(1, func() {
			var group gls.WaitGroup
			group.Go(runtime.Goexit)
			group.Wait()
			done := make(chan bool)
			gls.Go(func() {
				defer close(done)
				runtime.Goexit()
			})
			<-done
		})
		fmt.Println("alive")
		os.Exit(0)
	},
	"race": func(s *gls.Storage[int]) {
		var group gls.WaitGroup
		value := 0
		s.Run(1, func() {
			group.Go(func() { value++ })
			group.Go(func() { value++ })
		})
		group.Wait()
		os.Exit(0)
	},
	"no race": func(s *gls.Storage[int]) {
		value, done := 0, make(chan bool)
		s.Run(1, func() {
			value++
			gls.Go(func() {
				value++
				s.Enter(2)
				gls.AfterFunc(0, func() {
					value++
					done <- true
				})
			})
		})
		<-done
		value++
		os.Exit(0)
	},
}

//go:noinline
func userFunction() { panic("boom") }

//go:noinline
func fault() {
	var p *int
	*p = 1
}

const crashVariable = "AMBIENT_TEST_CRASH"

// TestCrashProgram is the program of the other tests' processes.
func TestCrashProgram(t *testing.T) {
	crash := crashes[os.Getenv(crashVariable)]
	if crash == nil {
		t.Skip("run by TestCrash")
	}
	crash(gls.New[int]("s"))
	time.Sleep(10 * time.Second)
	os.Exit(3) // it did not crash
}

// crash runs one of the programs and returns what it printed and its exit code.
func crash(t *testing.T, name string) (string, int) {
	t.Helper()
	require.Contains(t, crashes, name)
	cmd := testexec.Command("-test.run=^TestCrashProgram$", "-test.timeout=50s")
	cmd.Env = append(os.Environ(), crashVariable+"="+name, "GOTRACEBACK=single")
	text, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil {
		require.ErrorAs(t, err, &exit)
	}
	return string(text), cmd.ProcessState.ExitCode()
}

// A program that panics crashes with and without the library alike: the same message, the same goroutine's stack with
// no more than this package's functions in between, the same exit code.
func TestCrashIsThatOfAGoStatement(t *testing.T) {
	nameEach(t, slices.Collect(maps.Keys(crashes)), func(f api.Function) bool {
		return f.Way == api.Started || f.Way == api.Timed
	})
	for with, plain := range map[string]string{
		"Go":              "go",
		"Go, nothing set": "go",
		"Snapshot.Go":     "go",
		"go Run":          "go",
		"go deep":         "go",
		"go Bind":         "go",
		"go Enter":        "go",
		"WaitGroup.Go":    "sync.WaitGroup.Go",
		"AfterFunc":       "time.AfterFunc",
		"Go, fault":       "go, fault",
		"Go, error":       "go, error",
	} {
		t.Run(with, func(t *testing.T) {
			output, code := crash(t, with)
			plainOutput, plainCode := crash(t, plain)
			assert.Equal(t, 2, code)
			assert.Equal(t, plainCode, code)
			assert.Equal(t, shape(t, plainOutput), shape(t, output), "%s", output)

			assert.Equal(t, 1, strings.Count(output, "panic: "), output)
			assert.Equal(t, strings.Count(plainOutput, "recovered"), strings.Count(output, "recovered"))
			if !strings.Contains(plain, "WaitGroup") { // recovers by itself since Go 1.26
				assert.NotContains(t, output, "recovered")
			}
			if plain == "go" {
				assert.True(t, strings.HasPrefix(output, "panic: boom\n\ngoroutine "), output)
				assert.Contains(t, output, "gls_test.userFunction(")
			}
		})
	}
}

var variable = regexp.MustCompile(`0x[0-9a-f]+|goroutine \d+|addr=\S+|pc=\S+`)

// shape returns the lines before the stack and the functions on it, without numbers, this package's functions and what
// called the first function.
func shape(t *testing.T, output string) []string {
	t.Helper()
	head, stack, ok := strings.Cut(output, "]:\n")
	require.True(t, ok, "no stack: %s", output)
	lines := strings.Split(variable.ReplaceAllString(head, "N"), "\n")
	for line := range strings.Lines(stack) {
		name, _, called := strings.Cut(line, "(")
		switch {
		case strings.HasPrefix(line, "created by "), strings.TrimSpace(line) == "":
			return slices.Compact(lines)
		case !called, strings.HasPrefix(line, "\t"):
		case strings.HasPrefix(line, "time.(*ambientBound).run("): // with inheritance
		case strings.Contains(name, "/ambient/gls."), strings.Contains(name, "/ambient/internal/carrier."), strings.Contains(name, "gls_test.init."):
		default:
			lines = append(lines, name)
		}
	}
	return slices.Compact(lines)
}

func TestCrashGoexitEndsAGoroutineOnly(t *testing.T) {
	output, code := crash(t, "Goexit")
	assert.Zero(t, code)
	assert.Equal(t, "alive\n", output, "nothing else is printed")
}

// The race detector finds a race between two children, and none where Go starts what uses the same memory.
func TestRule11RaceDetector(t *testing.T) {
	if !testexec.Race {
		t.Skip("built without it")
	}
	output, code := crash(t, "race")
	assert.Equal(t, 66, code)
	assert.Equal(t, 1, strings.Count(output, "WARNING: DATA RACE"), output)
	assert.Contains(t, output, "gls_test.init.")
	output, code = crash(t, "no race")
	assert.Zero(t, code)
	assert.Empty(t, output)
}
