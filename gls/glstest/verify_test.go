package glstest_test

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glstest"
	"github.com/ambient-go/ambient/internal/goroutine"
	"github.com/ambient-go/ambient/internal/inspect"
)

func TestVerifyNonePassesForTestsThatCleanUp(t *testing.T) {
	f := verifying(t)
	user.Run("ann", func() {
		defer count.Enter(1).Leave()
		var wg gls.WaitGroup
		for range 10 {
			wg.Go(func() { defer user.Enter("bob").Leave() })
		}
		wg.Wait()
	})
	b := block(t)
	go b.hang() // carries nothing
	b.wait()
	assert.Empty(t, f.end())
}

func TestVerifyNoneNamesTheGoroutineItsStoragesAndWhereItIs(t *testing.T) {
	hurry(t)
	f := verifying(t)
	b := block(t)
	hang := next()
	inside := func() { b.hang() }
	start := next()
	go gls.Run(inside, user.With("secret"), count.With(424242), plain.With(nil))
	b.wait().rests(t)
	text := f.failure(t)
	assertLines(t, text,
		"glstest.VerifyNone: 1 goroutine still carries a frame\n",
		fmt.Sprintf("goroutine %d: \"count\" (int), \"user\" (string), gls.Storage[[]uint8]\n", b.id),
		fmt.Sprintf("started by goroutine %d in ", goroutine.ID()),
		"TestVerifyNoneNamesTheGoroutineItsStoragesAndWhereItIs (",
		start+")\n",
		"now in chan receive:\n",
		"glstest_test.(*blocked).hang\n",
		hang,
	)
	assert.NotContains(t, text, "secret")
	assert.NotContains(t, text, "424242")
	assert.NotContains(t, text, "carrier.Run", "the library's own calls")
	assert.NotContains(t, text, "exited")
}

func TestVerifyNoneNamesTheCallOfGLSThatStartedIt(t *testing.T) {
	hurry(t)
	var wg gls.WaitGroup
	for name, start := range map[string]func(b *blocked) string{
		"Go": func(b *blocked) (line string) {
			line = next()
			user.Run("ann", func() { gls.Go(b.hang) })
			return line
		},
		"Snapshot.Go": func(b *blocked) (line string) {
			var s gls.Snapshot
			user.Run("ann", func() { s = gls.Capture() })
			line = next()
			s.Go(b.hang)
			return line
		},
		"WaitGroup.Go": func(b *blocked) (line string) {
			line = next()
			user.Run("ann", func() { wg.Go(b.hang) })
			return line
		},
		"AfterFunc": func(b *blocked) (line string) {
			line = next()
			user.Run("ann", func() { gls.AfterFunc(0, b.hang) })
			return line
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := verifying(t)
			b := block(t)
			line := start(b)
			b.wait()
			assertLines(t, f.failure(t),
				fmt.Sprintf("goroutine %d: \"user\" (string)\n", b.id),
				fmt.Sprintf("started by goroutine %d in ", goroutine.ID()),
				line+")\n")
		})
	}
}

func TestVerifyNoneWaitsForGoroutinesThatAreAboutToFinish(t *testing.T) {
	patient(t)
	f := verifying(t)
	b := block(t)
	go user.Run("ann", b.hang)
	b.wait()
	time.AfterFunc(50*time.Millisecond, b.release)
	assert.Empty(t, f.end())
}

func TestVerifyNoneWaitsForGoroutinesThatHaveNotBegun(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	f := verifying(t)
	forever := make(chan bool)
	defer close(forever)
	for range 10 {
		go user.Run("ann", func() { <-forever })
	}
	assertLines(t, f.failure(t), "10 goroutines still carry a frame\n")
}

func TestVerifyNoneReportsAnEnterLeftOpenByTheTestItself(t *testing.T) {
	patient(t)
	f := verifying(t)
	scope := user.Enter("ann")
	start := time.Now()
	text := f.failure(t)
	assert.Less(t, time.Since(start), 30*time.Second, "waiting cannot help")
	assertLines(t, text,
		fmt.Sprintf("goroutine %d, the test's own: \"user\" (string), entered and not left", goroutine.ID()))
	scope.Leave()

	f = verifying(t)
	f.Cleanup(user.Enter("ann").Leave)
	assert.Empty(t, f.end(), "later cleanups run before")
}

func TestVerifyNoneIgnoresWhatTheTestFound(t *testing.T) {
	b := block(t)
	go user.Run("ann", b.hang)
	b.wait()
	jobs, done := make(chan func()), make(chan bool)
	go func() { // a worker of the program, say
		defer close(done)
		for job := range jobs {
			job()
		}
	}()
	defer user.Enter("outer").Leave()

	f := verifying(t)
	entered := make(chan bool)
	jobs <- func() { count.Enter(1); close(entered) }
	<-entered
	assert.Empty(t, f.end(), "neither what carried a frame before nor what was there before")
	close(jobs)
	<-done

	f = verifying(t)
	defer count.Enter(1).Leave()
	text := f.failure(t)
	assert.Contains(t, text, "the test's own: \"count\" (int), entered", "but its own goroutine, for what is new")
}

func TestVerifyNoneReportsAGoroutineThatExitedWithoutLeaving(t *testing.T) {
	if gls.Propagation() == gls.Inherited {
		t.Skip("the runtime clears what a goroutine carries when it exits")
	}
	// A collection makes gls drop what exited goroutines left, and one may be under way.
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	var id uint64
	var errors []string
	for range 10 {
		f := verifying(t)
		exited := make(chan uint64)
		go func() {
			user.Enter("ann")
			exited <- goroutine.ID()
		}()
		id = <-exited
		gone(t, id)
		if errors = f.end(); len(errors) > 0 {
			break
		}
	}
	require.Len(t, errors, 1)
	assertLines(t, errors[0],
		fmt.Sprintf("goroutine %d, which has exited: \"user\" (string), entered and not left", id))

	assert.Empty(t, verifying(t).end(), "the next test does not find it again")
}

func TestVerifyNoneInABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := verifying(t)
		b := block(t)
		go user.Run("ann", b.hang)
		b.wait()
		began := time.Now()
		assertLines(t, f.failure(t), fmt.Sprintf("goroutine %d: ", b.id))
		// By the bubble's clock, which stands still while anyone in the bubble waits for the machine's.
		assert.GreaterOrEqual(t, time.Since(began), time.Second)
		assert.Less(t, time.Since(began), 1100*time.Millisecond)

		b.release()
		synctest.Wait()
		f = verifying(t)
		go user.Run("ann", func() { time.Sleep(900 * time.Millisecond) })
		began = time.Now()
		assert.Empty(t, f.end())
		assert.Less(t, time.Since(began), time.Second)
	})
}

func TestVerifyNoneDescribesNoMoreThanTwentyGoroutines(t *testing.T) {
	hurry(t)
	f := verifying(t)
	for range 25 {
		b := block(t)
		go user.Run("ann", b.hang)
		b.wait()
	}
	text := f.failure(t)
	assertLines(t, text, "25 goroutines still carry a frame\n", "\n\t... and 5 more")
	assert.Equal(t, 20, strings.Count(text, "now in "))
}

func TestVerifyNoneTrimsDeepStacks(t *testing.T) {
	hurry(t)
	f := verifying(t)
	b := block(t)
	var deep func(n int)
	deep = func(n int) {
		if n == 0 {
			b.hang()
			return
		}
		deep(n - 1)
	}
	go user.Run("ann", func() { deep(30) })
	b.wait()
	text := f.failure(t)
	assertLines(t, text, "(*blocked).hang\n", "\n\t\t\t...")
	assert.Less(t, strings.Count(text, "\n"), 22)
}

func TestVerifyNoneIgnoresADisabledStorage(t *testing.T) {
	f := verifying(t)
	s := gls.New[int]("disabled")
	b := block(t)
	go s.Run(1, b.hang)
	b.wait()
	s.Disable()
	assert.Empty(t, f.end(), "nothing is set any more")
}

func TestNothingIsWatchedAfterTheLastTest(t *testing.T) {
	f, g := verifying(t), strict(t)
	assert.NotNil(t, inspect.Starts.Load())
	assert.NotNil(t, inspect.Scopes.Load())
	g.end()
	assert.NotNil(t, inspect.Starts.Load())
	assert.Nil(t, inspect.Scopes.Load())
	f.end()
	assert.Nil(t, inspect.Starts.Load())
}

// A test is what its users write, so the real thing is used once as well.
func TestWithPackageTestingsOwnT(t *testing.T) {
	glstest.VerifyNone(t)
	glstest.Strict(t)
	t.Run("subtest", func(t *testing.T) {
		t.Parallel()
		glstest.VerifyNone(t)
		glstest.Strict(t)
		defer user.Enter("ann").Leave()
		done := make(chan string)
		gls.Go(func() {
			defer count.Enter(1).Leave()
			done <- user.GetOrFail()
		})
		require.Equal(t, "ann", <-done)
	})
}
