// Package current knows whom the running flow of control works for.
package current

import (
	"log/slog"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glslog"
)

// A User is somebody who uses the program.
type User struct {
	ID int
}

// user stays unexported: what other packages may do with it are the functions below.
var user = gls.New[User]("current user")

// Run calls fn on behalf of u, who is on each line that fn logs.
func Run(u User, fn func()) { gls.Run(fn, user.With(u), glslog.With(slog.Int("user", u.ID))) }

// Lookup returns the user on whose behalf the caller runs, or an error that says why there is none.
func Lookup() (User, error) { return user.Lookup() }
