package lint

import (
	"flag"

	"golang.org/x/tools/go/analysis"
)

// Unnamed is a flag of Vettool's commands: findings end without the analyzer's name, for a program
// that reads them as JSON and has the name already.
const Unnamed = "unnamed"

// Vettool returns the analyzers for a command that "go vet -vettool" calls. The go command prints
// no analyzer names, so each finding ends with the name in parentheses. Call Vettool once, before
// the flags are parsed.
func Vettool() []*analysis.Analyzer {
	unnamed := flag.Bool(Unnamed, false, "leave the analyzer's name out of a finding")
	all := Analyzers()
	for _, a := range all {
		run := a.Run
		a.Run = func(pass *analysis.Pass) (any, error) {
			if *unnamed {
				return run(pass)
			}
			named := *pass
			named.Report = func(d analysis.Diagnostic) {
				d.Message += " (" + a.Name + ")"
				pass.Report(d)
			}
			return run(&named)
		}
	}
	return all
}
