package lint

import (
	"flag"

	"golang.org/x/tools/go/analysis"
)

// Unnamed is a flag of Vettool's commands: it leaves the names out of the findings, for a program that reads them as JSON.
const Unnamed = "unnamed"

// Vettool returns the analyzers for a command that "go vet -vettool" calls. A finding ends with the name of its analyzer
// in parentheses, for the go command prints none. Vettool is called once, before flags are parsed.
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
