// Package other enters for its callers.
package other

import "github.com/ambient-go/ambient/gls"

// User is set.
var User = gls.New[string]("user")

// System leaves User set.
func System() gls.Scope { return User.Enter("system") }
