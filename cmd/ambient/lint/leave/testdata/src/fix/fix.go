// Package fix leaves scopes in the statement that enters them.
package fix

import (
	"testing"

	"github.com/ambient-go/ambient/gls"
)

var user = gls.New[string]("user")

func work() {}

func atOnce() {
	user.Enter("Ada").Leave() // want `^the Scope of user.Enter is left at once: nothing runs with the value; defer is missing$`
	work()
}

func inCase(n int) {
	switch n {
	case 1:
		user.Enter( // want `left at once`
			"Ada", // who
		).Leave() // and leave
		work()
	}
}

func alone(b *testing.B) {
	for b.Loop() {
		user.Enter("Ada").Leave() // ok: what is measured is this
	}
}

func last() {
	work()
	user.Enter("Ada").Leave() // ok: nothing follows that could be meant
}

func inLoop(names []string) {
	for _, name := range names {
		user.Enter(name).Leave() // want `left at once: nothing runs with the value; defer is missing, and a function around the loop's body that it ends with$`
		work()
	}
	for _, name := range names {
		func() {
			user.Enter(name).Leave() // want `defer is missing$`
			work()
		}()
	}
}
