// Package main sets values for the time of the process.
package main

import "github.com/ambient-go/ambient/gls"

var user = gls.New[string]("user")

func main() {
	scope := user.Enter("Ada") // ok: the process ends where main returns
	_ = scope
	user.Enter("Ada") // want `discarded`
	func() {
		scope := user.Enter("Ada") // want `not left on every path`
		_ = scope
	}()
}

func init() {
	scope := user.Enter("Ada") // want `not left on every path`
	_ = scope
}
