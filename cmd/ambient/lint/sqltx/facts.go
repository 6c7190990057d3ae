package sqltx

import (
	"fmt"
	"go/ast"
	"go/types"

	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/known"
)

// does is the fact of a function that runs statements, itself or through the functions it calls.
type does struct {
	Statements []string // the names of the glssql.DBs on which it runs them
	Escapes    string   // the *sql.DB itself on which it runs one, "" if there is none
}

// AFact makes does a fact of go/analysis.
func (*does) AFact() {}

func (d *does) String() string { return fmt.Sprintf("does%+v", *d) }

// does returns the fact of a function, the zero one for none.
func (c *checker) does(f *types.Func) does {
	if f == nil {
		return does{}
	}
	if f.Pkg() == c.pass.Pkg {
		return c.facts[f]
	}
	var fact does
	c.pass.ImportObjectFact(f, &fact)
	return fact
}

// findFacts finds what the package's functions do. It repeats the search until nothing changes.
func (c *checker) findFacts() {
	for again := true; again; {
		again = false
		for f, body := range c.bodies {
			old := c.facts[f]
			now := does{Statements: c.uses(body), Escapes: old.Escapes}
			if now.Escapes == "" {
				now.Escapes = c.escaping(body)
			}
			if len(now.Statements) > len(old.Statements) || now.Escapes != old.Escapes {
				c.facts[f], again = now, true
			}
		}
	}
	for f, fact := range c.facts {
		c.pass.ExportObjectFact(f, &fact)
	}
}

// escaping returns the *sql.DB on which code, or a function that it calls, runs a statement on this goroutine.
func (c *checker) escaping(code ast.Node) (on string) {
	ast.Inspect(code, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			return false
		case *ast.CallExpr:
			if _, args := c.starts(n); on != "" || len(args) > 0 || c.is(n, "DB.Outside", "DB.AfterCommit") {
				return false
			}
			if recv := c.escapes(n); recv != nil {
				on = known.Text(recv)
			} else {
				on = c.does(known.Callee(c.info, n)).Escapes
			}
		}
		return on == ""
	})
	return on
}
