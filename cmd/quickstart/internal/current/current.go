// Package current knows the user on whose behalf the running flow of control works.
package current

import (
	"log/slog"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glslog"
)

// A User is a user of the program.
type User struct {
	ID int
}

// user is unexported: other packages use the functions below.
var user = gls.New[User]("current user")

// Run calls fn on behalf of u. Each line that fn logs has u's id.
func Run(u User, fn func()) { gls.Run(fn, user.With(u), glslog.With(slog.Int("user", u.ID))) }

// Lookup returns the user on whose behalf the caller runs, or an error that says why there is none.
func Lookup() (User, error) { return user.Lookup() }
