package main

import (
	"fmt"
	goversion "go/version"

	"github.com/ambient-go/ambient/cmd/ambient/internal/overlay"
)

// untested returns a warning for a Go release that is not tested, "" for a tested one.
func untested(release string) string {
	if overlay.IsTested(release) {
		return ""
	}
	all := overlay.Tested()
	newest := all[len(all)-1]
	return fmt.Sprintf("%s is none of the Go releases that this version of ambient was tested with, %s to %s: "+
		"update ambient, or use a tested release, as by GOTOOLCHAIN=%s where go.mod allows it",
		release, goversion.Lang(all[0]), goversion.Lang(newest), newest)
}
