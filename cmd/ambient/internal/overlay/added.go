package overlay

import (
	_ "embed"
	"fmt"
)

// addedName is the file that the overlay adds to each package in which it changes one and that needs more.
const addedName = "ambient.go"

// protocol is the number that the overlay's runtime and package carrier have to agree on.
const protocol = 2

//go:embed source/runtime.go.txt
var runtimeText string

//go:embed source/bind.go.txt
var bindText string

// added returns the text of the file that a package gets, of those in which the overlay changes a file, "" for none.
func added(folder string, r Release) string {
	switch folder {
	case "runtime":
		return fmt.Sprintf(runtimeText, plain(r.Version), protocol, literals(effective(r.Rules)), r.mark())
	case "time", "context":
		return fmt.Sprintf(bindText, folder)
	}
	return ""
}
