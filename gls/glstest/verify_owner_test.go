package glstest_test

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/internal/goroutine"
	"github.com/ambient-go/ambient/internal/testexec"
)

func TestVerifyNoneFollowsTheChainOfCreators(t *testing.T) {
	hurry(t)
	f := verifying(t)
	middle, leaf := block(t), block(t)
	go func() {
		go user.Run("ann", leaf.hang)
		middle.hang()
	}()
	middle.wait()
	leaf.wait()
	var text string
	beside(t, idle, func(t *testing.T) { text = f.failure(t) })
	assertLines(t, text, fmt.Sprintf("goroutine %d: ", leaf.id), fmt.Sprintf("started by goroutine %d in ", middle.id))
}

func TestVerifyNoneReportsAnOrphanWhenNoOtherTestRan(t *testing.T) {
	hurry(t)
	f := verifying(t)
	b := orphan(t)
	assertLines(t, f.failure(t), fmt.Sprintf("goroutine %d: ", b.id), "(which has exited) in ")

	t.Run("in a subtest", func(t *testing.T) {
		f := verifying(t)
		orphan(t)
		f.failure(t)
	})

	t.Run("beside its own subtests", func(t *testing.T) {
		f := verifying(t)
		orphan(t)
		beside(t, idle, func(t *testing.T) { f.failure(t) })
	})

	t.Run("beside tests that wait in T.Parallel", func(t *testing.T) {
		for range 3 {
			t.Run("waits", func(t *testing.T) { t.Parallel() })
		}
		t.Run("this", func(t *testing.T) {
			f := verifying(t)
			orphan(t)
			f.failure(t)
		})
	})
}

const tracebackAncestors = "tracebackancestors=10"

func TestVerifyNoneFindsOrphansWithTracebackAncestors(t *testing.T) {
	again := testexec.Command("-test.run=^TestVerifyNoneReportsNoOrphanThatAnotherTestMayHaveStarted$")
	again.Env = append(os.Environ(), "GODEBUG="+tracebackAncestors)
	output, err := again.CombinedOutput()
	require.NoError(t, err, "%s", output)
}

func TestVerifyNoneReportsNoOrphanThatAnotherTestMayHaveStarted(t *testing.T) {
	hurry(t)
	beside(t, idle, func(t *testing.T) {
		f := verifying(t)
		orphan(t)
		if os.Getenv("GODEBUG") == tracebackAncestors {
			assert.Len(t, f.end(), 1)
		} else {
			assert.Empty(t, f.end(), "one that runs all the time")
		}
	})
	if os.Getenv("GODEBUG") == tracebackAncestors {
		return
	}

	t.Run("ended meanwhile", func(t *testing.T) {
		var f *fake
		beside(t, idle, func(t *testing.T) { f = verifying(t) })
		orphan(t)
		assert.Empty(t, f.end())
	})

	t.Run("began meanwhile", func(t *testing.T) {
		start, begun, stop, done := make(chan bool), make(chan bool), make(chan bool), make(chan bool)
		go func() {
			defer close(done)
			<-start
			t.Run("other", func(*testing.T) {
				close(begun)
				<-stop
			})
		}()
		t.Run("this", func(t *testing.T) {
			f := verifying(t)
			close(start)
			<-begun
			orphan(t)
			assert.Empty(t, f.end())
		})
		close(stop)
		<-done
	})

	t.Run("waited, ran and ended meanwhile", func(t *testing.T) {
		var f *fake
		t.Run("group", func(t *testing.T) {
			t.Run("other", func(t *testing.T) { t.Parallel() })
			t.Run("this", func(t *testing.T) { f = verifying(t) })
		})
		orphan(t)
		assert.Empty(t, f.end())
	})
}

func TestVerifyNoneFollowsAChainThroughGoroutinesThatGLSSaw(t *testing.T) {
	hurry(t)
	beside(t, idle, func(t *testing.T) {
		f := verifying(t)
		b, exited := block(t), make(chan uint64)
		go func() {
			user.Run("ann", func() { gls.Go(b.hang) })
			exited <- goroutine.ID()
		}()
		id := <-exited
		b.wait()
		gone(t, id)
		assertLines(t, f.failure(t), fmt.Sprintf("started by goroutine %d (which has exited) in ", id))
	})
}

func TestVerifyNoneBlamesNoOtherTestsGoroutines(t *testing.T) {
	hurry(t)
	leak := func(t *testing.T) {
		b := block(t)
		go user.Run("other", b.hang)
		b.wait()
	}
	beside(t, leak, func(t *testing.T) {
		f := verifying(t)
		assert.Empty(t, f.end(), "one that was there before")
	})
	run, started := make(chan bool), make(chan bool)
	worker := func() {
		<-run
		leak(t)
		close(started)
	}
	go worker()
	t.Run("one that a goroutine from before starts", func(t *testing.T) {
		f := verifying(t)
		close(run)
		<-started
		assert.Empty(t, f.end())
	})

	run, started = make(chan bool), make(chan bool)
	later := func(t *testing.T) {
		go func() {
			<-run
			leak(t)
			close(started)
		}()
	}
	beside(t, later, func(t *testing.T) {
		f := verifying(t)
		close(run)
		<-started
		assert.Empty(t, f.end(), "one that comes during the test")
	})
}

func TestVerifyNoneInParallelTests(t *testing.T) {
	t.Run("group", func(t *testing.T) {
		for i := range 8 {
			t.Run(fmt.Sprint(i), func(t *testing.T) {
				t.Parallel()
				f := verifying(t)
				b := block(t)
				if i%2 == 0 {
					user.Run("ann", func() { go count.Run(i, b.hang) })
					b.wait()
					values := "\"count\" (int)"
					if gls.Propagation() == gls.Inherited {
						values += ", \"user\" (string)"
					}
					assertLines(t, f.failure(t), "1 goroutine ", fmt.Sprintf("goroutine %d: %s\n", b.id, values))
				} else {
					go b.hang()
					b.wait()
					assert.Empty(t, f.end())
				}
			})
		}
	})
}

func TestVerifyNoneInATestAndItsSubtest(t *testing.T) {
	hurry(t)
	outer := verifying(t)
	var b, c *blocked
	t.Run("verified", func(t2 *testing.T) {
		inner := verifying(t2)
		b = block(t)
		go user.Run("ann", b.hang)
		b.wait()
		assertLines(t2, inner.failure(t2), fmt.Sprintf("goroutine %d: ", b.id))
	})
	t.Run("not verified", func(*testing.T) {
		c = block(t)
		go user.Run("bob", c.hang)
		c.wait()
	})
	text := outer.failure(t)
	assertLines(t, text, fmt.Sprintf("goroutine %d: ", c.id))
	assert.NotContains(t, text, fmt.Sprintf("goroutine %d: ", b.id), "the subtest has reported it")

	outer = verifying(t)
	t.Run("verified too", func(t2 *testing.T) {
		inner := verifying(t2)
		b = block(t)
		go user.Run("ann", b.hang)
		b.wait()
		inner.failure(t2)
	})
	patient(t)
	start := time.Now()
	assert.Empty(t, outer.end())
	assert.Less(t, time.Since(start), 30*time.Second, "there is nothing to wait for")
}
