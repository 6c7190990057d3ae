// Package user is a service in the middle of a program. It is passed no user: it asks whom it works for.
package user

import (
	"fmt"
	"log/slog"

	"github.com/ambient-go/ambient/cmd/quickstart/internal/current"
)

// Describe says who the current user is.
func Describe() (string, error) {
	u, err := current.Lookup()
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("The user id is %d", u.ID), nil
}

// Work logs that it is done.
func Work() { slog.Info("work is done") }
