// Package a has generators that set values.
package a

import (
	"context"
	"iter"
	"net/http"
	"slices"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/httpctx"

	"github.com/ambient-go/ambient/cmd/ambient/lint/yields/testdata/src/other"
)

var user = gls.New[string]("user")

func rows() iter.Seq[int] {
	return func(yield func(int) bool) {
		user.Run("system", func() {
			for i := range 3 {
				if !yield(i) { // want `^yield is called inside user.Run: the body of the caller's loop runs with what is set here: write yield = gls.Bind\(yield\) before, or yield outside of it$`
					return
				}
			}
		})
	}
}

func entered() iter.Seq2[int, string] {
	return func(yield func(int, string) bool) {
		defer user.Enter("system").Leave()
		yield(1, "x") // want `^yield is called between Enter and Leave: `
	}
}

// All is a generator itself.
func All(yield func(int) bool) {
	gls.Isolate(func() { yield(1) })                          // want `inside gls.Isolate`
	gls.Run(func() { yield(1) }, user.With("x"))              // want `inside gls.Run`
	gls.RunContext(context.Background(), func() { yield(1) }) // want `inside gls.RunContext`
	gls.Capture().Run(func() { yield(1) })                    // ok: what is set here is what is set there
	gls.Call(user, "x", func() int { yield(1); return 0 })    // want `inside gls.Call`
	user.Exit(func() { yield(1) })                            // want `inside user.Exit`
	httpctx.RunOutside(func() { yield(1) })                   // want `inside httpctx.RunOutside`
	func() { other.User.Run("x", func() { yield(1) }) }()     // want `inside other.User.Run`
	user.Run("x", func() { func() { yield(1) }() })           // want `inside user.Run`
	user.Run("x", func() { slices.Values([]int{1})(yield) })  // want `yield is called inside user.Run`
	user.Run("x", func() { yield = gls.Bind(yield) })         // want `yield is called inside user.Run`
}

func requests(w http.ResponseWriter, r *http.Request) func(func(int) bool) {
	return func(yield func(int) bool) {
		httpctx.Run(w, r, func() { yield(1) }) // want `inside httpctx.Run`
	}
}

type list struct{ saved gls.Snapshot }

func (l *list) All(yield func(int) bool) {
	l.saved.Run(func() { yield(1) }) // want `inside l.saved.Run`
	body := func() { yield(2) }      // want `inside user.Run`
	user.Run("system", body)
	scope := user.Enter("system")
	yield(3) // want `between Enter and Leave`
	scope.Leave()
	yield(4) // ok: the scope is left
	defer other.System().Leave()
	yield(5) // want `between Enter and Leave`
	late := gls.Capture()
	late.Run(func() { yield(6) }) // want `inside late.Run`
}

// The name of the parameter says nothing here; that it is an iter.Seq does.
func named() {
	var seq iter.Seq[int] = func(f func(int) bool) {
		user.Run("system", func() { f(1) }) // want `f is called inside user.Run: .*: write f = gls.Bind\(f\) before`
	}
	seq = func(f func(int) bool) {
		user.Run("system", func() { f(1) }) // want `f is called inside`
	}
	_ = iter.Seq[int](func(f func(int) bool) {
		user.Run("system", func() { f(1) }) // want `f is called inside`
	})
	_ = seq
}

// Ok: the loop's body is bound to its caller, or called where nothing is set.
func right() iter.Seq[int] {
	return func(yield func(int) bool) {
		body := gls.Bind(yield)
		user.Run("system", func() { body(1) })
		caller := gls.Capture()
		var all []int
		user.Run("system", func() {
			all = append(all, 1)
			caller.Run(func() { yield(1) })
		})
		for _, i := range all {
			if !yield(i) {
				return
			}
		}
		for i := range 3 {
			scope := user.Enter("system")
			all = append(all, i)
			scope.Leave()
			if !yield(i) {
				return
			}
		}
		gls.WithContext(context.Background())
		func() {
			defer user.Enter("system").Leave()
			all = nil
		}()
		yield(len(all))
		yield = gls.Bind(yield)
		user.Run("system", func() { yield(2) })
		defer user.Enter("system").Leave()
		yield(3)
	}
}

// Ok: the function is meant to run with what is set: these are no generators.
func asSystem(f func() bool) { user.Run("system", func() { f() }) }

func each(f func(int) bool) { user.Run("system", func() { f(1) }) }

func result(yield func(int) bool) error {
	user.Run("system", func() { yield(1) })
	return nil
}

func two(n int, yield func(int) bool) { user.Run("system", func() { yield(n) }) }

func more(yield func(int) bool, n int) { user.Run("system", func() { yield(n) }) }

func errs(yield func(int) error) { user.Run("system", func() { yield(1) }) }

// Ok: a sequence that is consumed inside, and one whose caller has set something.
func consumes() {
	user.Run("system", func() {
		for range rows() {
			user.Get()
		}
		seq := func(yield func(int) bool) { yield(1) }
		for range seq {
			user.Get()
		}
	})
}

func asRoot(fn func()) { user.Run("system", fn) }

func plainly(fn func()) { fn() }

func impersonating() iter.Seq[int] {
	return func(yield func(int) bool) {
		asRoot(func() { yield(1) })  // want `yield is called inside asRoot`
		plainly(func() { yield(2) }) // ok: it sets nothing
	}
}
