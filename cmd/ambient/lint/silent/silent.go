package silent

import (
	_ "embed"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis"

	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/known"
	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/reads"
	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/runners"
	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/waits"
)

//go:embed doc.go
var doc string

// Analyzer finds log lines and outgoing requests that lose the current request.
var Analyzer = &analysis.Analyzer{
	Name:     "silent",
	Doc:      known.Doc(doc, "silent"),
	URL:      known.URL("silent"),
	Requires: []*analysis.Analyzer{facts},
	Run: func(pass *analysis.Pass) (any, error) {
		for _, d := range pass.ResultOf[facts].([]analysis.Diagnostic) {
			pass.Report(d)
		}
		return nil, nil
	},
}

// facts finds the diagnostics of Analyzer. It exports a Fact for each package.
var facts = &analysis.Analyzer{
	Name:       "ambientsilent",
	Doc:        "find log lines and outgoing requests that lose the current request, for the analyzer silent",
	URL:        known.URL("silent"),
	Run:        run,
	Requires:   []*analysis.Analyzer{reads.Analyzer, waits.Analyzer},
	ResultType: reflect.TypeFor[[]analysis.Diagnostic](),
	FactTypes:  []analysis.Fact{new(Fact)},
}

// more holds the functions of the flag -calls.
var more runners.List

func init() {
	Analyzer.Flags.Var(&more, "calls", "`functions` that log or send requests: path.Func or path.Type.Method, comma-separated")
}

// A Kind says which output loses the request.
type Kind int

const (
	// Log is a log line without request_id.
	Log Kind = iota
	// Send is an outgoing request without X-Request-ID.
	Send
	kinds
)

// installers has the functions that a program calls to get the request into its output.
var installers = [kinds]string{Log: "httpctx.LogHandler", Send: "httpctx.Transport"}

// A Fact says which of LogHandler and Transport a package installs, and which of its goroutines
// lose the request.
type Fact struct {
	Module   string
	Installs [kinds]bool // by the package or one that it imports
	Losses   []Loss      // not reported, for the package does not see the installation
}

// A Loss is a goroutine that loses the request in silence.
type Loss struct {
	Kind    Kind
	At      string // file:line
	Message string
	pos     token.Pos
	end     token.Pos
}

// AFact makes Fact a fact of go/analysis.
func (*Fact) AFact() {}

func (f *Fact) String() string { return fmt.Sprintf("silent%v %d", f.Installs, len(f.Losses)) }

func run(pass *analysis.Pass) (any, error) {
	if reads.Unread(pass) || !known.Concerns(pass.Pkg, "net/http") {
		return []analysis.Diagnostic(nil), nil
	}
	var reports []analysis.Diagnostic
	c := &checker{
		pass: pass, info: pass.TypesInfo,
		reads: pass.ResultOf[reads.Analyzer].(*reads.Result), waits: pass.ResultOf[waits.Analyzer].(*waits.Result),
		assigned: known.Assigned(pass.TypesInfo, pass.Files),
		decls:    map[*types.Func]*ast.FuncDecl{},
	}
	fact := &Fact{}
	if pass.Module != nil {
		fact.Module = pass.Module.Path
	}
	var foreign []Loss
	for _, p := range pass.AllPackageFacts() {
		f, ok := p.Fact.(*Fact)
		if !ok || p.Package == pass.Pkg {
			continue
		}
		for k := range kinds {
			fact.Installs[k] = fact.Installs[k] || f.Installs[k]
		}
		if f.Module == fact.Module {
			foreign = append(foreign, f.Losses...)
		}
	}
	installed := c.installations()
	losses := c.losses()
	for k := range kinds {
		if call := installed[k]; call != nil {
			fact.Installs[k] = true
			for _, l := range foreign {
				if l.Kind == k {
					reports = append(reports, analysis.Diagnostic{
						Pos: call.Pos(), End: call.End(),
						Message: fmt.Sprintf("%s is installed here, and at %s %s", installers[k], l.At, l.Message),
					})
				}
			}
		}
	}
	for _, l := range losses {
		if fact.Installs[l.Kind] {
			reports = append(reports, analysis.Diagnostic{Pos: l.pos, End: l.end, Message: l.Message})
		} else {
			fact.Losses = append(fact.Losses, l)
		}
	}
	if fact.Installs != [kinds]bool{} || len(fact.Losses) > 0 {
		pass.ExportPackageFact(fact)
	}
	return reports, nil
}

type checker struct {
	pass     *analysis.Pass
	info     *types.Info
	reads    *reads.Result
	waits    *waits.Result
	assigned known.Assignments
	decls    map[*types.Func]*ast.FuncDecl
}

// installations returns the first call of each installer. It also fills decls.
func (c *checker) installations() [kinds]ast.Node {
	var first [kinds]ast.Node
	for fn, decl := range known.Decls(c.info, c.pass.Files) {
		c.decls[fn] = decl
	}
	for _, file := range c.pass.Files {
		test := strings.HasSuffix(c.pass.Fset.Position(file.FileStart).Filename, "_test.go")
		ast.Inspect(file, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				k := Kind(slices.Index(installers[:], reads.LibraryName(known.Callee(c.info, call))))
				if k >= 0 && first[k] == nil && !test {
					first[k] = call
				}
			}
			return true
		})
	}
	return first
}

// losses returns the goroutines that lose the request and start below a handler.
func (c *checker) losses() []Loss {
	var all []Loss
	for _, file := range c.pass.Files {
		if strings.HasSuffix(c.pass.Fset.Position(file.FileStart).Filename, "_test.go") {
			continue
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.GoStmt:
				if c.reads.Call(n.Call) == nil {
					all = c.add(all, n, "the go statement starts a goroutine", n.Call, func() bool { return c.waits.Go(n) })
				}
			case *ast.CallExpr:
				fn := c.reads.Target(n)
				for _, i := range runners.Args(fn) {
					if i < len(n.Args) && c.reads.Expr(n.Args[i]) == nil {
						all = c.add(all, n, known.Text(n.Fun)+" runs a function on a goroutine", n.Args[i],
							func() bool { return c.waits.Call(n, n.Args[i]) })
					}
				}
			}
			return true
		})
	}
	return all
}

func (c *checker) add(all []Loss, start ast.Node, what string, runs ast.Expr, waited func() bool) []Loss {
	if _, silenced := c.reads.Directives.At(start.Pos(), start.End()); silenced {
		return all
	}
	kind, name := c.loses(runs, map[ast.Node]bool{})
	if name == "" || !c.waits.BelowHandler(start) {
		return all
	}
	lost := "logs with " + name + ", and the line has no request_id: "
	if kind == Send {
		lost = "sends with " + name + ", and the request has no X-Request-ID: "
	}
	remedy := "start it with httpctx.GoDetached"
	switch _, isGo := start.(*ast.GoStmt); {
	case waited() && isGo:
		remedy = "start it with gls.Go"
	case waited():
		remedy = "bind it with gls.Bind"
	case strings.HasPrefix(what, "time.AfterFunc"):
		remedy = "use httpctx.AfterFuncDetached"
	}
	at := c.pass.Fset.Position(start.Pos())
	return append(all, Loss{
		Kind: kind, At: fmt.Sprintf("%s/%s:%d", c.pass.Pkg.Path(), filepath.Base(at.Filename), at.Line),
		Message: what + " that " + lost + remedy, pos: start.Pos(), end: start.End(),
	})
}
