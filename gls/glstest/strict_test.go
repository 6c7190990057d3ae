package glstest_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glstest"
	"github.com/ambient-go/ambient/internal/goroutine"
)

func TestStrictPassesForScopesThatAreLeftInOrder(t *testing.T) {
	f := strict(t)
	func() {
		defer user.Enter("ann").Leave()
		defer user.Enter("bob").Leave()
		count.Run(1, func() {
			defer user.Enter("cid").Leave()
			defer plain.Enter(nil).Leave()
		})
		gls.Isolate(func() { user.Enter("dan").Leave() })
	}()
	f.Cleanup(user.Enter("eve").Leave)
	var wg gls.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			for range 20 {
				func() {
					defer count.Enter(i).Leave()
					defer user.Enter("fay").Leave()
				}()
			}
		})
	}
	wg.Wait()
	assert.Empty(t, f.end())
}

func TestStrictReportsAScopeLeftOnAnotherGoroutine(t *testing.T) {
	f := strict(t)
	enter := next()
	scope := user.Enter("secret")
	type result struct {
		panic any
		id    uint64
		text  []string
	}
	results := make(chan result)
	leave := next()
	misuse := func() { scope.Leave() }
	go func() {
		defer func() {
			f.mu.Lock()
			defer f.mu.Unlock()
			results <- result{recover(), goroutine.ID(), f.errors}
		}()
		misuse()
	}()
	r := <-results
	assert.Equal(t, "gls.Scope.Leave: called on another goroutine", r.panic)
	require.Len(t, r.text, 1, "it is reported before the panic, which may end the process")
	assertLines(t, r.text[0],
		"glstest.Strict: the scope of \"user\" was left on another goroutine\n",
		fmt.Sprintf("\tentered on goroutine %d:\n", goroutine.ID()),
		"glstest_test.TestStrictReportsAScopeLeftOnAnotherGoroutine\n",
		enter,
		fmt.Sprintf("\tleft on goroutine %d:\n", r.id),
		leave,
	)
	assert.NotContains(t, r.text[0], "secret")
	assert.Len(t, f.end(), 1, "and not once more for not being left")
	scope.Leave()
}

func TestStrictReportsNothingAfterTheTest(t *testing.T) {
	other := strict(t) // so that scopes are watched still
	f := strict(t)
	scope := user.Enter("ann")
	assert.Len(t, f.end(), 1)
	done := make(chan any)
	go func() {
		defer func() { done <- recover() }()
		scope.Leave()
	}()
	assert.Equal(t, "gls.Scope.Leave: called on another goroutine", <-done)
	scope.Leave()
	scope.Leave()
	assert.Empty(t, other.end())
}

// A slow is a testing.TB whose Errorf takes its time.
type slow struct {
	*fake
	begun, goOn chan bool
}

func (s *slow) Errorf(format string, args ...any) {
	close(s.begun)
	<-s.goOn
	s.fake.Errorf(format, args...)
}

func TestStrictEndsAfterAReportThatHasBegun(t *testing.T) {
	s := &slow{&fake{TB: t}, make(chan bool), make(chan bool)}
	glstest.Strict(s)
	scope := user.Enter("ann")
	defer scope.Leave()
	left, ended := make(chan any), make(chan []string)
	go func() {
		defer func() { left <- recover() }()
		scope.Leave()
	}()
	<-s.begun
	go func() { ended <- s.end() }()
	select {
	case <-ended:
		t.Error("the test has completed, and Errorf is still to come")
	case <-time.After(50 * time.Millisecond):
	}
	close(s.goOn)
	assert.Len(t, <-ended, 1)
	assert.Equal(t, "gls.Scope.Leave: called on another goroutine", <-left)
}

func TestStrictReportsAScopeLeftTwice(t *testing.T) {
	f := strict(t)
	enter := next()
	scope := user.Enter("ann")
	first := next()
	scope.Leave()
	second := next()
	scope.Leave()
	text := f.failure(t)
	assertLines(t, text,
		"glstest.Strict: the scope of \"user\" was left twice\n",
		fmt.Sprintf("\tentered on goroutine %d:\n", goroutine.ID()), enter,
		"\tleft:\n", first, "\tleft again:\n", second)
	assert.Equal(t, 3, strings.Count(text, "glstest_test.TestStrictReportsAScopeLeftTwice\n"))
	assert.NotContains(t, text, "gls.Scope", "the library's own calls")
}

func TestStrictReportsAScopeLeftAfterTheOneAround(t *testing.T) {
	f := strict(t)
	var scope gls.Scope
	enter := next()
	count.Run(1, func() { scope = user.Enter("ann") })
	leave := next()
	scope.Leave()
	assertLines(t, f.failure(t),
		"glstest.Strict: the scope of \"user\" was left where it is not open: the scope around it has ended",
		enter, leave)
}

func TestStrictReportsAScopeLeftWhereItIsHidden(t *testing.T) {
	f := strict(t)
	scope := user.Enter("ann")
	leave := next()
	gls.Isolate(scope.Leave)
	assertLines(t, f.failure(t), "was left where it is not open", "or one inside it hides it\n", leave)
	scope.Leave()
	_, ok := user.Get()
	assert.False(t, ok)
}

func TestStrictReportsScopesLeftOutOfOrder(t *testing.T) {
	f := strict(t)
	enter := next()
	outer := user.Enter("ann")
	inside := next()
	inner := count.Enter(1)
	leave := next()
	outer.Leave()
	inner.Leave()
	text := f.failure(t)
	assertLines(t, text,
		"glstest.Strict: the scope of \"user\" was left out of order\n",
		enter, "\tleft:\n", leave,
		"\tentered after it and not left before it:\n",
		"\"count\" in github.com/ambient-go/ambient/gls/glstest_test.TestStrictReportsScopesLeftOutOfOrder (", inside)

	f = strict(t)
	outer, inner = user.Enter("ann"), user.Enter("bob")
	outer.Leave()
	inner.Leave() // a no-op: leaving the outer one has left it
	assertLines(t, f.failure(t), "was left out of order\n")
}

func TestStrictReportsAScopeLeftInsideAScopeThatBeganLater(t *testing.T) {
	f := strict(t)
	scope := user.Enter("ann")
	leave := next()
	count.Run(1, func() { scope.Leave() })
	assertLines(t, f.failure(t),
		"glstest.Strict: the scope of \"user\" was left out of order: a scope that began after it is open\n", leave)
	scope.Leave()
}

func TestStrictReportsAScopeThatIsNotLeft(t *testing.T) {
	t.Run("by the test", func(t *testing.T) {
		patient(t)
		f := strict(t)
		enter := next()
		scope := user.Enter("ann")
		start := time.Now()
		text := f.failure(t)
		assert.Less(t, time.Since(start), 30*time.Second, "waiting cannot help")
		assertLines(t, text,
			"glstest.Strict: the scope of \"user\" was not left by the end of the test\n",
			fmt.Sprintf("\tentered on goroutine %d:\n", goroutine.ID()), enter)
		assert.NotContains(t, text, "left:")
		scope.Leave()
	})

	t.Run("before its Run ended", func(t *testing.T) {
		f := strict(t)
		enter := next()
		count.Run(1, func() { plain.Enter(nil) })
		assertLines(t, f.failure(t), "the scope of gls.Storage[[]uint8] was not left", enter)
	})

	t.Run("before its goroutine exited", func(t *testing.T) {
		f := strict(t)
		id := make(chan uint64)
		enter := next()
		loose := func() { user.Enter("ann") }
		go func() {
			loose()
			id <- goroutine.ID()
		}()
		exited := <-id
		gone(t, exited)
		assertLines(t, f.failure(t), fmt.Sprintf("\tentered on goroutine %d:\n", exited), enter)
	})

	t.Run("by a goroutine that goes on", func(t *testing.T) {
		hurry(t)
		f := strict(t)
		b := block(t)
		go func() {
			defer user.Enter("ann").Leave()
			b.hang()
		}()
		b.wait()
		assertLines(t, f.failure(t), fmt.Sprintf("\tentered on goroutine %d:\n", b.id))
	})
}

func TestStrictWaitsForGoroutinesThatAreAboutToLeave(t *testing.T) {
	patient(t)
	f := strict(t)
	b := block(t)
	go func() {
		defer user.Enter("ann").Leave()
		b.hang()
	}()
	b.wait()
	time.AfterFunc(50*time.Millisecond, b.release)
	assert.Empty(t, f.end())
}

func TestStrictCountsWhatHappensOnTheSameLines(t *testing.T) {
	f := strict(t)
	for range 30 {
		count.Run(1, func() { user.Enter("ann") })
		scope := user.Enter("bob")
		scope.Leave()
		scope.Leave()
	}
	errors := f.end()
	require.Len(t, errors, 2)
	assertLines(t, errors[0], "was left twice, 30 times\n")
	assertLines(t, errors[1], "was not left by the end of the test, 30 times\n")
}

func TestStrictReportsNoMoreThanTwentyFaults(t *testing.T) {
	f := strict(t)
	for i := range 25 {
		s := gls.New[int](fmt.Sprint("s", i))
		count.Run(1, func() { s.Enter(i) })
	}
	errors := f.end()
	require.Len(t, errors, 21)
	assert.Equal(t, "glstest.Strict: 5 more", errors[20])
}

// A locked is a testing.TB of a user, who enters where it reports.
type locked struct {
	*fake
	own sync.Mutex
}

func (l *locked) Errorf(format string, args ...any) {
	l.own.Lock()
	defer l.own.Unlock()
	defer user.Enter("report").Leave()
	l.fake.Errorf(format, args...)
}

func TestStrictCallsNoTestUnderTheProgramsLocks(t *testing.T) {
	l := &locked{fake: &fake{TB: t}}
	glstest.Strict(l)
	l.own.Lock()
	outer, inner := user.Enter("ann"), count.Enter(1)
	outer.Leave()
	inner.Leave()
	inner.Leave()
	l.own.Unlock()
	assert.Len(t, l.end(), 2)
}

func TestStrictRemembersABoundedNumberOfScopesThatWereLeft(t *testing.T) {
	f := strict(t)
	forgotten := user.Enter("ann")
	forgotten.Leave()
	for range glstest.MaxLeft - 1 {
		count.Enter(1).Leave()
	}
	forgotten.Leave()
	count.Enter(1).Leave()
	forgotten.Leave()
	text := f.failure(t)
	assert.NotContains(t, text, "times", "the last one was not seen")
}

func TestStrictUnderLoad(t *testing.T) {
	f := strict(t)
	var wg sync.WaitGroup
	for i := range 500 {
		wg.Go(func() {
			for range 10 {
				scope := count.Enter(i)
				gls.Capture().Run(func() { defer user.Enter("ann").Leave() })
				scope.Leave()
				if i%100 == 0 {
					scope.Leave()
				}
			}
		})
	}
	wg.Wait()
	assertLines(t, f.failure(t), "was left twice, 50 times\n")
}
