// Package inherited keeps a program from running without inheritance when it relies on it:
//
//	import _ "github.com/ambient-go/ambient/gls/inherited"
//
// A program that counts on its plain go statements to carry values loses them in silence when it is built by go build:
// in a Dockerfile that was not changed, say, or with an overlay that is for another Go release. With this import it ends
// before main instead, by a panic that says how to build it.
//
// Tests of packages that import it have to be run by ambient test. Import it in package main, or in an internal package
// of what relies on inheritance; not in a package that others import.
package inherited

import (
	"runtime"

	"github.com/ambient-go/ambient/gls"
)

func init() {
	if gls.Propagation() != gls.Inherited {
		panic("ambient: this program imports gls/inherited and was built without inheritance for " + runtime.Version() +
			`: build it with "ambient build", run it with "ambient run", test it with "ambient test"; ` +
			`"ambient doctor" tells what keeps it from working`)
	}
}
