// Package a opens scopes in every way.
package a

import (
	"errors"
	"log"
	"os"
	"testing"

	"github.com/ambient-go/ambient/cmd/ambient/lint/leave/testdata/src/other"
	"github.com/ambient-go/ambient/gls"
)

var (
	user   = gls.New[string]("user")
	tenant gls.Storage[int]
	opened gls.Scope
)

func cond() bool { return len(os.Args) > 1 }
func work()      {}

// Nobody has the Scope.

func statement() {
	user.Enter("Ada") // want `^the Scope of user.Enter is discarded: the value stays set for the caller too; write defer user.Enter\(...\).Leave\(\), or use Run$`
	work()
}

func inParentheses() {
	(user.Enter)("Ada") // want `the Scope of user.Enter is discarded`
}

func blank() {
	_ = user.Enter("Ada")        // want `the Scope of user.Enter is discarded`
	_, n := user.Enter("Ada"), 1 // want `the Scope of user.Enter is discarded`
	var _ = tenant.Enter(n)      // want `the Scope of tenant.Enter is discarded`
}

func deferredEnter() {
	defer user.Enter("Ada") // want `the Scope of user.Enter is discarded`
}

func goEnter() {
	go user.Enter("Ada") // want `the Scope of user.Enter is discarded`
}

func methodExpression() {
	(*gls.Storage[string]).Enter(user, "Ada") // want `the Scope of .*Enter is discarded`
}

type alias = gls.Storage[string]

type session struct {
	alias
	scope gls.Scope
	name  *gls.Storage[string]
}

func (s *session) promoted() {
	s.Enter("Ada")      // want `the Scope of s.Enter is discarded`
	s.name.Enter("Ada") // want `the Scope of s.name.Enter is discarded`
}

func generic[T any](s *gls.Storage[T], value T) {
	s.Enter(value) // want `the Scope of s.Enter is discarded`
}

type bag[T any] struct{ gls.Storage[T] }

func (b *bag[T]) set(value T) {
	b.Enter(value) // want `the Scope of b.Enter is discarded`
}

func throughValue() {
	enter := user.Enter
	enter("Ada") // want `the Scope of enter is discarded`
	open := func() gls.Scope { return user.Enter("Ada") }
	open() // want `the Scope of open is discarded`
}

var _ = user.Enter("Ada") // want `the Scope of user.Enter is discarded`

func inLiteral() {
	run := func() {
		user.Enter("Ada") // want `the Scope of user.Enter is discarded`
	}
	run()
}

// Not every path leaves.

func never() {
	scope := user.Enter("Ada") // want `^the Scope of user.Enter is not left on every path: the end of the function on line 97 is reached without it; write defer user.Enter\(...\).Leave\(\), or use Run$`
	_ = scope
	work()
}

func earlyReturn() error {
	scope := user.Enter("Ada") // want `not left on every path: the return on line 102 is reached without it`
	if cond() {
		return errors.New("no")
	}
	scope.Leave()
	return nil
}

func deferTooLate() {
	scope := user.Enter("Ada") // want `the return on line 111 is reached`
	if cond() {
		return
	}
	defer scope.Leave()
	work()
}

func oneCase(n int) {
	scope := tenant.Enter(n) // want `not left on every path`
	switch n {
	case 1:
		scope.Leave()
	case 2:
	default:
		scope.Leave()
	}
}

func selected(c chan int) {
	scope := tenant.Enter(1) // want `not left on every path`
	select {
	case <-c:
		return
	case c <- 1:
		scope.Leave()
	}
}

func continued(names []string) {
	for _, name := range names {
		scope := user.Enter(name) // want `not left on every path: .*; leave it at each end of a round, or put the loop's body into a function of its own that defers it$`
		if name == "" {
			continue
		}
		scope.Leave()
	}
}

func forever(names chan string) {
	for {
		scope := user.Enter(<-names) // want `not left on every path: line 150 enters again without it`
		if cond() {
			continue
		}
		scope.Leave()
	}
}

func replaced() {
	scope := user.Enter("Ada") // want `not left on every path: line 160 assigns scope anew`
	scope = user.Enter("Bob")
	defer scope.Leave()
	work()
}

func declared() {
	var scope = user.Enter("Ada") // want `not left on every path`
	if cond() {
		scope.Leave()
	}
}

func declaredBefore() {
	var scope gls.Scope
	scope = user.Enter("Ada") // want `not left on every path`
	if cond() {
		scope.Leave()
	}
}

func two() {
	a, b := user.Enter("Ada"), tenant.Enter(1) // want `the Scope of tenant.Enter is not left on every path`
	defer a.Leave()
	_ = b
}

func inCondition() {
	if scope := user.Enter("Ada"); cond() { // want `not left on every path`
		scope.Leave()
	}
}

func leaveValue() {
	leave := user.Enter("Ada").Leave // want `not left on every path`
	if cond() {
		leave()
	}
}

func jump() {
	scope := user.Enter("Ada") // want `not left on every path`
	if cond() {
		goto end
	}
	scope.Leave()
end:
	work()
}

func inRangeFunc(seq func(func(int) bool)) {
	for n := range seq {
		scope := tenant.Enter(n) // want `not left on every path`
		if n > 3 {
			return
		}
		scope.Leave()
	}
}

// Functions that return the Scope are like Enter.

func enterUser(name string) gls.Scope { return user.Enter(name) } // want enterUser:`opens\[0\]`

func enterBoth(name string) (gls.Scope, error) { // want enterBoth:`opens\[0\]`
	scope := enterUser(name)
	if name == "" {
		scope.Leave()
		return gls.Scope{}, errors.New("no")
	}
	return scope, nil
}

func named(name string) (scope gls.Scope) { // want named:`opens\[0\]`
	scope = user.Enter(name) // ok: the return has it as a result
	if name == "" {
		return
	}
	return
}

func callers() {
	enterUser("Ada")              // want `^the Scope of enterUser is discarded: the value stays set for the caller too; write defer enterUser\(...\).Leave\(\)$`
	_, err := enterBoth("Ada")    // want `the Scope of enterBoth is discarded`
	scope, err := enterBoth("Bo") // want `the Scope of enterBoth is not left on every path`
	if err != nil {
		return
	}
	scope.Leave()
	named("Ada")       // want `the Scope of named is discarded`
	other.Enter("Ada") // want `the Scope of other.Enter is discarded`
	defer other.Enter("Ada").Leave()
}

// These are left.

func rightDefer() {
	defer user.Enter("Ada").Leave() // ok: in force for the rest of the function
	defer (tenant.Enter(1)).Leave() // ok: the same, in parentheses
	work()
}

func rightVariable() error {
	scope := user.Enter("Ada") // ok: deferred before any return
	defer scope.Leave()
	if cond() {
		return errors.New("no")
	}
	return nil
}

func rightEachPath() error {
	scope := user.Enter("Ada") // ok: left before each return
	if cond() {
		scope.Leave()
		return errors.New("no")
	}
	scope.Leave()
	return nil
}

func rightDeferredLiteral() {
	scope := user.Enter("Ada") // ok: the deferred function leaves it
	defer func() {
		work()
		scope.Leave()
	}()
	work()
}

func rightCleanup(t *testing.T) {
	scope := user.Enter("Ada") // ok: the test leaves it
	t.Cleanup(scope.Leave)
	t.Cleanup(user.Enter("Bob").Leave) // ok: passed on
}

func rightNeverReturns() {
	scope := user.Enter("Ada") // ok: log.Fatal, os.Exit and panic end the path
	if cond() {
		log.Fatal("no")
	}
	if !cond() {
		os.Exit(1)
	}
	if user.Name() == "" {
		panic("no")
	}
	scope.Leave()
}

func rightFatal(t *testing.T) {
	scope := user.Enter("Ada") // ok: nothing in the path returns
	defer scope.Leave()
	t.Fatal("no")
}

func rightLoop(names []string) {
	for _, name := range names {
		scope := user.Enter(name) // ok: left before the next round
		work()
		scope.Leave()
	}
	for _, name := range names {
		func() {
			defer user.Enter(name).Leave() // ok: a function per round
			work()
		}()
	}
	for range names {
		scope := user.Enter("Ada") // ok: every way out leaves it
		if cond() {
			scope.Leave()
			break
		}
		if !cond() {
			scope.Leave()
			continue
		}
		scope.Leave()
	}
}

func rightZero(name string) {
	var scope gls.Scope
	if name != "" {
		scope = user.Enter(name) // ok: leaving the zero Scope does nothing
	}
	defer scope.Leave()
	work()
}

func rightSwitch(n int) {
	scope := tenant.Enter(n) // ok: all cases leave it
	switch {
	case n > 1:
		scope.Leave()
	default:
		scope.Leave()
	}
}

func rightServes(names chan string) {
	for name := range names {
		scope := user.Enter(name) // ok
		work()
		scope.Leave()
	}
	scope := user.Enter("Ada") // ok: the function never returns
	for {
		work()
		_ = scope
	}
}

// These are left by someone else.

func escapeReturned() gls.Scope { // want escapeReturned:`opens\[0\]`
	return user.Enter("Ada") // ok: the caller has it
}

func (s *session) escapeField() {
	s.scope = user.Enter("Ada")                      // ok: whoever has s
	s.scope, _ = enterBoth("Ada")                    // ok: the same
	_ = session{scope: user.Enter("Ada")}            // ok: part of a value
	scopes := []gls.Scope{user.Enter("Ada")}         // ok: part of a slice
	scopes = append(scopes, user.Enter("Ada"))       // ok: appended
	m := map[string]gls.Scope{}                      //
	m["Ada"] = user.Enter("Ada")                     // ok: in a map
	opened = user.Enter("Ada")                       // ok: in a variable of the package
	passOn(user.Enter("Ada"))                        // ok: passed on
	leave := []func(){user.Enter("Ada").Leave}       // ok: the method value
	c := make(chan gls.Scope, 1)                     //
	c <- user.Enter("Ada")                           // ok: sent
	defer func(s gls.Scope) { s.Leave() }(<-c)       //
	defer passOn(user.Enter("Ada"))                  // ok: passed on
	work2(scopes, leave, func() { _ = user.Name() }) //
}

func escapeVariable() {
	scope := user.Enter("Ada") // ok: passed on
	passOn(scope)
	other := user.Enter("Ada") // ok: its address is
	passOnPointer(&other)
}

func escapeOuter() func() { // want escapeOuter:`opens\[0\]`
	var scope gls.Scope
	begin := func() {
		scope = user.Enter("Ada") // ok: a variable of the function around
	}
	begin()
	return scope.Leave
}

func passOn(s gls.Scope)                     { s.Leave() }
func passOnPointer(s *gls.Scope)             { s.Leave() }
func work2([]gls.Scope, []func(), func())    {}
func (s *session) current() gls.Scope        { return s.scope }
func (s *session) ignored(enter func() bool) { s.current(); enter() } // ok: current opens nothing

// Not the Enter of a Storage.

type door struct{}

func (door) Enter(string) gls.Scope { return gls.Scope{} }

func otherEnter(d door) {
	d.Enter("Ada") // ok: not of package gls, and opens nothing
}

func recursive(n int) gls.Scope {
	if n == 0 {
		return gls.Scope{} // ok: opens nothing
	}
	return recursive(n - 1)
}

func callsRecursive() {
	recursive(1)
	var self func(int) gls.Scope
	self = func(n int) gls.Scope { return self(n - 1) }
	self(1)
}

func onAnother() {
	scope := user.Enter("Ada")
	go func() {
		scope.Leave() // want `^Leave panics on another goroutine than that of its Enter: leave the scope here, and let the other goroutine have the values by gls.Go$`
	}()
	second := user.Enter("Ada")
	gls.Go(second.Leave) // want `Leave panics on another goroutine`
	third := user.Enter("Ada")
	go third.Leave() // want `Leave panics on another goroutine`
	fourth := user.Enter("Ada")
	gls.Go(func() { defer fourth.Leave() }) // want `Leave panics on another goroutine`
}

func onItsOwn() {
	go func() {
		scope := user.Enter("Ada")
		defer scope.Leave() // ok: entered there
	}()
	var scope gls.Scope
	gls.Go(func() {
		scope = user.Enter("Ada")
		scope.Leave() // ok: entered there
	})
	func() {
		scope := user.Enter("Ada")
		defer func() { scope.Leave() }() // ok: the same goroutine
	}()
}
