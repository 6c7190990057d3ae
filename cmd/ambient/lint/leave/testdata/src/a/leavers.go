package a

import (
	"net/http"

	"github.com/ambient-go/ambient/cmd/ambient/lint/leave/testdata/src/other"
	"github.com/ambient-go/ambient/gls"
)

// Functions that return what leaves the scope.

func leaver(log func(string)) func() { // want leaver:`opens\[0\]`
	s := user.Enter("Ada")
	return func() {
		log("left")
		s.Leave()
	}
}

func leaverVar() func() { // want leaverVar:`opens\[0\]`
	leave := user.Enter("Ada").Leave
	return leave
}

func notLeaver(s gls.Scope) func() { // ok: the caller has the scope
	return func() {
		s.Leave()
		inner := user.Enter("Eve")
		inner.Leave()
	}
}

func leavers() {
	leaver(nil)                 // want `^the Scope of leaver is discarded: the value stays set for the caller too; write defer leaver\(...\)\(\)$`
	defer other.Leaver("Ada")   // want `^the Scope of other.Leaver is discarded: .* write defer other.Leaver\(...\)\(\)$`
	_ = leaverVar()             // want `the Scope of leaverVar is discarded`
	defer other.Leaver("Ada")() // ok: left at the end
	defer leaver(nil)()         // ok: the same
	end := leaverVar()          // ok: the same
	defer end()
	notLeaver(gls.Scope{}) // ok: opens nothing
	pass(leaver(nil))      // ok: passed on
}

func leaverLost(early bool) {
	end := other.Leaver("Ada") // want `^the Scope of other.Leaver is not left on every path: the return on line \d+ is reached without it; write defer other.Leaver\(...\)\(\)$`
	if early {
		return
	}
	end()
}

func leaverHandler(w http.ResponseWriter, r *http.Request) {
	end := other.Leaver(r.Host) // ok: there is no Run in its place
	defer end()
}

func pass(func()) {}

// Loops.

func rounds(names []string) {
	for _, name := range names {
		if name == "" {
			continue
		}
		defer user.Enter(name).Leave() // want `^the Scope of user.Enter is left when the function ends, not with each round of the loop: what follows the loop runs with the last value; put the loop's body into a function of its own, or use Run$`
	}
	for _, name := range names {
		func() {
			defer user.Enter(name).Leave() // ok: left with each round
		}()
	}
	for _, name := range names {
		if name == "Ada" {
			defer user.Enter(name).Leave() // ok: the function ends in this round
			return
		}
	}
	defer user.Enter("Ada").Leave() // ok: once
again:
	defer user.Enter("Ada").Leave() // want `the Scope of user.Enter is left when the function ends`
	if len(names) > 0 {
		goto again
	}
}

// Ok: they call each other and open nothing.
func literals() {
	var a, b func() gls.Scope
	a = func() gls.Scope { return b() }
	b = func() gls.Scope { return a() }
	a()
	defer b().Leave()
}

// The same by a variable.
func roundsByVariable(names []string) {
	for _, name := range names {
		scope := user.Enter(name) // want `^the Scope of user.Enter is left when the function ends, not with each round of the loop`
		defer scope.Leave()
		work()
	}
	for _, name := range names {
		scope := user.Enter(name) // want `the Scope of user.Enter is left when the function ends`
		defer func() {
			work()
			scope.Leave()
		}()
	}
	for _, name := range names {
		leave := user.Enter(name).Leave // want `the Scope of user.Enter is left when the function ends`
		defer leave()
	}
	for _, name := range names {
		end := other.Leaver(name) // want `the Scope of other.Leaver is left when the function ends`
		defer end()
	}
	for _, name := range names {
		defer other.Leaver(name)() // want `the Scope of other.Leaver is left when the function ends`
	}
	var scope gls.Scope
	for _, name := range names {
		scope = user.Enter(name) // want `the Scope of user.Enter is left when the function ends`
		defer scope.Leave()
		if cond() {
			continue
		}
		scope.Leave()
	}
}

func roundsRight(names []string) {
	for _, name := range names {
		scope := user.Enter(name) // ok: the deferred Leave is for a panic alone
		defer scope.Leave()
		work()
		scope.Leave()
	}
	for _, name := range names {
		if scope := user.Enter(name); cond() { // ok: the function ends in this round
			defer scope.Leave()
			return
		} else {
			scope.Leave()
		}
	}
	scope := user.Enter("Ada") // ok: entered once
	defer scope.Leave()
	for range names {
		defer scope.Leave()
	}
}

func leaverAtOnce() {
	other.Leaver("Ada")() // want `^the Scope of other.Leaver is left at once: nothing runs with the value; defer is missing$`
	work()
}
