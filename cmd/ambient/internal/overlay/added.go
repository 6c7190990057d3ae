package overlay

import (
	_ "embed"
	"fmt"
)

// addedName is the file that the overlay adds to a package whose changed files need more code.
const addedName = "ambient.go"

// protocol is the number on which the overlay's runtime and package carrier must agree.
const protocol = 3

//go:embed source/runtime.go.txt
var runtimeText string

// bindText is the beginning of the files for time and context.
//
//go:embed source/bind.go.txt
var bindText string

//go:embed source/time.go.txt
var timeText string

//go:embed source/context.go.txt
var contextText string

// added returns the text of the file that the overlay adds to a package, or "".
func added(folder string, r Release) string {
	switch folder {
	case "runtime":
		return fmt.Sprintf(runtimeText, plain(r.Version), protocol, literals(effective(r.Rules)), r.mark())
	case "time":
		return fmt.Sprintf(bindText, folder) + timeText
	case "context":
		return fmt.Sprintf(bindText, folder) + contextText
	}
	return ""
}
