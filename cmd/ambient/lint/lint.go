// Package lint lists the analyzers of "ambient vet". Each has a package of its own below this one.
package lint

import (
	"golang.org/x/tools/go/analysis"

	"github.com/ambient-go/ambient/cmd/ambient/lint/afterrequest"
	"github.com/ambient-go/ambient/cmd/ambient/lint/barego"
	"github.com/ambient-go/ambient/cmd/ambient/lint/leave"
	"github.com/ambient-go/ambient/cmd/ambient/lint/outlives"
	"github.com/ambient-go/ambient/cmd/ambient/lint/pooled"
	"github.com/ambient-go/ambient/cmd/ambient/lint/shared"
	"github.com/ambient-go/ambient/cmd/ambient/lint/silent"
	"github.com/ambient-go/ambient/cmd/ambient/lint/sqltx"
	"github.com/ambient-go/ambient/cmd/ambient/lint/timeout"
	"github.com/ambient-go/ambient/cmd/ambient/lint/toplevel"
	"github.com/ambient-go/ambient/cmd/ambient/lint/unbound"
	"github.com/ambient-go/ambient/cmd/ambient/lint/workers"
	"github.com/ambient-go/ambient/cmd/ambient/lint/yields"
)

// Analyzers returns all analyzers, in the order in which help lists them.
func Analyzers() []*analysis.Analyzer {
	return []*analysis.Analyzer{
		barego.Analyzer,
		unbound.Analyzer,
		silent.Analyzer,
		workers.Analyzer,
		shared.Analyzer,
		yields.Analyzer,
		toplevel.Analyzer,
		outlives.Analyzer,
		pooled.Analyzer,
		afterrequest.Analyzer,
		leave.Analyzer,
		timeout.Analyzer,
		sqltx.Analyzer,
	}
}
