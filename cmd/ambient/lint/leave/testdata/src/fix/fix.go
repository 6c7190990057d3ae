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
