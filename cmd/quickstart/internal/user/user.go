// Package user is a service in the middle of a program. Its functions have no parameter for the
// user.
package user

import (
	"fmt"
	"log/slog"

	"github.com/ambient-go/ambient/cmd/quickstart/internal/current"
)

// Describe describes the current user.
func Describe() (string, error) {
	u, err := current.Lookup()
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("The user id is %d", u.ID), nil
}

// Work logs that it is done.
func Work() { slog.Info("work is done") }
