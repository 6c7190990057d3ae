// Code generated from the library's file (AMBIENT_UPDATE=1 go test -run Copies .). DO NOT EDIT.

// Package api lists the exported functions and methods of gls, httpctx, glslog and glssql. For each
// it says what the function does with values and with the function that it is given. The analyzers
// of ambient vet use the list, and so do tests of lists that cannot be derived. A test compares it
// with the packages.
package api

import "slices"

// Root is the path of the module, with a slash after it.
const Root = "github.com/ambient-go/ambient/"

// Packages maps the names that Functions begin with to import paths below Root.
var Packages = map[string]string{
	"gls": "gls", "httpctx": "httpctx", "glslog": "gls/glslog", "glssql": "gls/glssql",
}

// A Way says how a function of the library runs the function that it is given.
type Way int

// The ways. Function.Arg is an argument for all but Never.
const (
	Never   Way = iota // it takes none, or one that has nothing to do with the caller's flow
	Here               // before it returns, on the caller's goroutine, with other values set
	Started            // on another goroutine, which it starts
	Timed              // on another goroutine, when a timer fires
	Bound              // whenever its result is called
	Later              // on the caller's goroutine, when a scope around the call ends
)

// A Read says what a function reads of the flow that calls it.
type Read int

// The kinds of values.
const (
	Nothing Read = iota
	Storage      // of a storage
	Context      // the ambient context.Context
	Frame        // all values
	Request      // of the current request
)

// A Gift says whether the result of a function belongs to a request, and lives no longer than it.
type Gift int

// The kinds of results.
const (
	Lasting   Gift = iota // no result, or one that does not belong to a request
	OfRequest             // the first result belongs to one request
	Unknown               // the first result is a user's value, which may belong to a request
)

// A Function says what a function does.
type Function struct {
	Way     Way
	Arg     int  // the argument that is the function, from 0
	Brings  bool // it runs the function in a frame that an argument, or the receiver, brings
	Hides   bool // a value that is set around it may not be set in the function
	Reads   Read
	Gives   Gift
	Makes   bool // it makes a variable whose values belong to flows
	Enters  bool // it leaves its storage set
	Ambient bool // its first argument is the ambient context

	// Detached is the function of httpctx to use instead of one that is Started or Timed, for work
	// that outlives its request. Detaches says that the function is such a function of httpctx.
	Detached string
	Detaches bool
}

// Functions holds all functions, by name.
var Functions = map[string]Function{
	"gls.AfterFunc":              {Way: Timed, Arg: 1, Detached: "AfterFuncDetached"},
	"gls.Bind":                   {Way: Bound},
	"gls.Call":                   {Way: Here, Arg: 2},
	"gls.Capture":                {Reads: Frame},
	"gls.Context":                {Reads: Context, Gives: OfRequest},
	"gls.FromContext":            {},
	"gls.Go":                     {Way: Started, Detached: "GoDetached"},
	"gls.Isolate":                {Way: Here, Hides: true},
	"gls.New":                    {Makes: true},
	"gls.NewContext":             {},
	"gls.NewWithDefault":         {Makes: true},
	"gls.NotSetError.Error":      {},
	"gls.NotSetError.Is":         {},
	"gls.Propagation":            {},
	"gls.PropagationMode.String": {},
	"gls.Resume":                 {Way: Here, Arg: 1, Brings: true, Ambient: true, Hides: true},
	"gls.Run":                    {Way: Here},
	"gls.RunContext":             {Way: Here, Arg: 1, Ambient: true},
	"gls.Scope.Leave":            {},
	"gls.Snapshot.Go":            {Way: Started, Brings: true},
	"gls.Snapshot.Run":           {Way: Here, Brings: true, Hides: true},
	"gls.Snapshot.With":          {},
	"gls.Storage.Disable":        {},
	"gls.Storage.Enter":          {Enters: true},
	"gls.Storage.Exit":           {Way: Here, Hides: true},
	"gls.Storage.Get":            {Reads: Storage, Gives: Unknown},
	"gls.Storage.GetOrFail":      {Reads: Storage, Gives: Unknown},
	"gls.Storage.Lookup":         {Reads: Storage, Gives: Unknown},
	"gls.Storage.Name":           {},
	"gls.Storage.Run":            {Way: Here, Arg: 1},
	"gls.Storage.String":         {},
	"gls.Storage.With":           {},
	"gls.WaitGroup.Add":          {},
	"gls.WaitGroup.Done":         {},
	"gls.WaitGroup.Go":           {Way: Started},
	"gls.WaitGroup.Wait":         {},
	"gls.WithContext":            {Ambient: true},

	"httpctx.AddLogAttrs":         {Reads: Request},
	"httpctx.AfterFuncDetached":   {Way: Timed, Arg: 1, Detaches: true},
	"httpctx.Context.AddLogAttrs": {},
	"httpctx.Context.Context":     {},
	"httpctx.Context.Finished":    {},
	"httpctx.Context.ID":          {},
	"httpctx.Context.LogValue":    {},
	"httpctx.Context.Logger":      {},
	"httpctx.Context.LookupParam": {},
	"httpctx.Context.Param":       {},
	"httpctx.Context.Pattern":     {},
	"httpctx.Context.Request":     {},
	"httpctx.Context.Start":       {},
	"httpctx.Context.Writer":      {},
	"httpctx.Enabled":             {},
	"httpctx.Error.Error":         {},
	"httpctx.Error.Unwrap":        {},
	"httpctx.ForwardAs":           {},
	"httpctx.ForwardTo":           {},
	"httpctx.FromContext":         {Gives: OfRequest},
	"httpctx.Get":                 {Reads: Request, Gives: OfRequest},
	"httpctx.GetOrFail":           {Reads: Request, Gives: OfRequest},
	"httpctx.GoDetached":          {Way: Started, Detaches: true},
	"httpctx.Key.Get":             {Reads: Request, Gives: Unknown},
	"httpctx.Key.GetOrFail":       {Reads: Request, Gives: Unknown},
	"httpctx.Key.Delete":          {},
	"httpctx.Key.Lookup":          {Reads: Request, Gives: Unknown},
	"httpctx.Key.String":          {},
	"httpctx.ShowRequest":         {},
	"httpctx.Key.Of":              {Gives: Unknown},
	"httpctx.Key.Set":             {},
	"httpctx.LogHandler":          {},
	"httpctx.Lookup":              {Reads: Request, Gives: OfRequest},
	"httpctx.MarkLost":            {},
	"httpctx.Middleware":          {},
	"httpctx.New":                 {},
	"httpctx.NewKey":              {Makes: true},
	"httpctx.Run":                 {Way: Here, Arg: 2},
	"httpctx.RunOutside":          {Way: Here, Hides: true},
	"httpctx.SetEnabled":          {},
	"httpctx.Transport":           {},
	"httpctx.WithLogger":          {},
	"httpctx.WithRequestContext":  {},
	"httpctx.WithRequestID":       {},
	"httpctx.WithRequestIDHeader": {},
	"httpctx.WithResponseHeader":  {},

	"glslog.Attrs":           {Reads: Storage},
	"glslog.Handler":         {},
	"glslog.NewSource":       {},
	"glslog.Source.Attrs":    {}, // of a log line, which analyzer silent checks
	"glslog.Source.Prepared": {},
	"glslog.Replace":         {},
	"glslog.Run":             {Way: Here},
	"glslog.Show":            {},
	"glslog.With":            {},

	"glssql.DB.AfterCommit":     {Way: Later},
	"glssql.DB.Begin":           {}, // analyzer sqltx checks its statements
	"glssql.DB.BeginTx":         {},
	"glssql.DB.Exec":            {},
	"glssql.DB.ExecContext":     {},
	"glssql.DB.GetDBConn":       {},
	"glssql.DB.InTx":            {},
	"glssql.DB.Outside":         {Way: Here},
	"glssql.DB.Prepare":         {},
	"glssql.DB.PrepareContext":  {},
	"glssql.DB.Query":           {},
	"glssql.DB.QueryContext":    {},
	"glssql.DB.QueryRow":        {},
	"glssql.DB.QueryRowContext": {},
	"glssql.DB.Run":             {Way: Here, Arg: 2},
	"glssql.DB.Unwrap":          {},
	"glssql.JoinNested":         {},
	"glssql.New":                {},
	"glssql.Savepoints":         {},
}

// Names returns the names of the functions for which ok holds, sorted.
func Names(ok func(name string, f Function) bool) []string {
	var names []string
	for name, f := range Functions {
		if ok(name, f) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
