package goroutine_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/internal/goroutine"
	"github.com/ambient-go/ambient/internal/testexec"
)

// ways are the two that Exited has.
func ways() map[string]func() func(goroutine.Handle) bool {
	ways := map[string]func() func(goroutine.Handle) bool{"text": goroutine.ExitedByText}
	if goroutine.ExitsKnown() {
		ways["runtime.g"] = goroutine.Exited
	}
	return ways
}

func TestExitsAreKnownHere(t *testing.T) {
	if !goroutine.Fast() || os.Getenv("AMBIENT_EXPECT_SLOW") != "" {
		t.Skip("the text is expected")
	}
	assert.True(t, goroutine.ExitsKnown(), "runtime.g is another in %s %s", runtime.Version(), runtime.GOARCH)
}

// A goroutine that lives never counts as exited, whatever it does.
func TestTheLivingHaveNotExited(t *testing.T) {
	r, w, err := os.Pipe()
	require.NoError(t, err)
	defer r.Close()
	var mu sync.Mutex
	mu.Lock()
	release := make(chan struct{})
	handles := make(chan goroutine.Handle)
	var done sync.WaitGroup
	states := map[string]func(){
		"receives": func() { <-release },
		"selects for ever": func() {
			select {
			case <-release:
			case <-make(chan int):
			}
		},
		"sleeps": func() { time.Sleep(time.Millisecond); <-release },
		"locks":  func() { mu.Lock(); mu.Unlock() }, //nolint:staticcheck // it waits
		"reads":  func() { _, _ = r.Read(make([]byte, 1)) },
		"spins": func() {
			for {
				select {
				case <-release:
					return
				default: //nolint:staticcheck // it spins
				}
			}
		},
		"yields": func() {
			for {
				select {
				case <-release:
					return
				default:
					runtime.Gosched()
				}
			}
		},
		"is locked to a thread": func() { runtime.LockOSThread(); <-release },
		"grows its stack": func() {
			var grow func(n int) int
			grow = func(n int) int {
				var pad [100]int
				if n == 0 {
					return pad[0]
				}
				return grow(n-1) + pad[n%100]
			}
			for {
				select {
				case <-release:
					return
				default:
					grow(1000)
				}
			}
		},
	}
	living := map[string]goroutine.Handle{"asks": goroutine.Self(goroutine.ID())}
	for name, state := range states {
		done.Go(func() {
			handles <- goroutine.Self(goroutine.ID())
			state()
		})
		living[name] = <-handles
	}
	for name, way := range ways() {
		for range 100 {
			exited := way()
			for state, h := range living {
				assert.False(t, exited(h), "by %s: one that %s", name, state)
			}
			runtime.Gosched()
		}
	}
	close(release)
	mu.Unlock()
	require.NoError(t, w.Close())
	done.Wait()
}

func TestTheDeadHaveExited(t *testing.T) {
	for name, way := range ways() {
		t.Run(name, func(t *testing.T) {
			var dead []goroutine.Handle
			for i := range 300 { // some use the runtime.g of others again
				h := make(chan goroutine.Handle)
				go func() {
					h <- goroutine.Self(goroutine.ID())
					if i%3 == 0 {
						runtime.LockOSThread() // the thread exits too
					}
				}()
				dead = append(dead, <-h)
			}
			left := 0
			assert.Eventually(t, func() bool {
				exited := way()
				left = 0
				for _, h := range dead {
					if !exited(h) {
						left++
					}
				}
				return left == 0
			}, 20*time.Second, time.Millisecond)
			assert.Zero(t, left)
		})
	}
}

// The runtime's own goroutines are alive while they wait: a finalizer's values stay for the next
// finalizer.
func TestFinalizersGoroutineHasNotExited(t *testing.T) {
	if !goroutine.ExitsKnown() {
		t.Skip("the text does not have it")
	}
	h := make(chan goroutine.Handle, 1)
	runtime.SetFinalizer(new([64]byte), func(*[64]byte) { h <- goroutine.Self(goroutine.ID()) })
	runtime.GC()
	handle := <-h
	for range 100 {
		assert.False(t, goroutine.Exited()(handle))
		runtime.Gosched()
	}
}

// The runtime leaves goroutines out of the text whose function is named as one of its own, and so
// are all of a module whose path starts with "runtime.".
func TestModuleNamedAsTheRuntime(t *testing.T) {
	goCommand, err := exec.LookPath("go")
	if err != nil {
		t.Skip("there is no go command here")
	}
	root, err := filepath.Abs(filepath.Join("..", ".."))
	require.NoError(t, err)
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module runtime.example/app\n\ngo 1.25\n\n"+
		"require github.com/ambient-go/ambient v0.0.0\n\nreplace github.com/ambient-go/ambient => "+root+"\n"), 0o666))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "work"), 0o777))
	program, err := os.ReadFile(filepath.Join("testdata", "named", "work.go.txt"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "work", "work.go"), program, 0o666))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "main.go"), []byte(
		"package main\n\nimport \"runtime.example/app/work\"\n\nfunc main() { work.Main() }\n"), 0o666))
	args := []string{"run", "-mod=mod", "."}
	if testexec.Emulator != "" {
		args = []string{"run", "-mod=mod", "-exec", testexec.Emulator, "."}
	}
	cmd := exec.CommandContext(t.Context(), goCommand, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=", "GOPROXY=off", "GONOSUMDB=*", "GONOSUMCHECK=1")
	text, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", text)
	assert.Equal(t, "5\n", string(text), "a worker keeps what it entered")
}

func TestGoroutinesThatTheTextLeavesOut(t *testing.T) {
	const header = "goroutine 5 [running]:\n"
	const creator = "created by main.main in goroutine 1\n\t/m.go:2 +0x1\n"
	for text, want := range map[string]bool{
		header + "main.f()\n\t/f.go:1 +0x1\nmain.g()\n\t/g.go:2 +0x1\n" + creator:                     false,
		header + "runtime.example/app/work.f(0x1)\n\t/f.go:1 +0x1\n" + creator:                        true,
		header + "main.f()\n\t/f.go:1 +0x1\nruntime.example/app/work.g()\n\t/g.go:2 +0x1\n" + creator: true,
		header + "runtime.example/app/work.f()\n\t/f.go:1 +0x1\nmain.g()\n\t/g.go:2 +0x1\n" + creator: false,
		header + "runtimes.f()\n\t/f.go:1 +0x1\n" + creator:                                           false,
		header + creator: true,
		"":               true,
	} {
		assert.Equal(t, want, goroutine.Hidden([]byte(text)), text)
	}
}
