// Package glslog puts attributes of the running flow on its log lines. An attribute is set once, at
// any depth, and stands on every line that the flow logs afterwards, with any logger. Other
// languages call this MDC, for mapped diagnostic context.
//
//	func main() {
//		slog.SetDefault(slog.New(glslog.Handler(slog.NewTextHandler(os.Stdout, nil))))
//		glslog.Run(placeOrder, slog.String("user", "ada"))
//	}
//
//	func placeOrder() {
//		slog.Info("placed", "amount", 12)
//	}
//
// prints
//
//	time=2026-10-01T12:00:00.000Z level=INFO msg=placed user=ada amount=12
//
// Install [Handler] once, in front of the program's own handler. [Run] calls a function with
// attributes added, and [With] is a binding for gls.Run that sets other values too:
//
//	gls.Run(fn, user.With(u), glslog.With(slog.String("user", u.Name)))
//
// [Show] shows the value of a storage, without an attribute of its own:
//
//	glslog.Handler(next, glslog.Show("tenant", tenant))
//
// Where a *slog.Logger is at hand and is passed on, Logger.With does the same and says so in the
// code. This package is for code that no logger reaches: libraries, models and helpers that call
// slog.Info. Inside an HTTP request, httpctx.AddLogAttrs adds to the request's lines, those of its
// middlewares included.
//
// # Flows
//
// Attributes are a value of package gls and travel as all values do: to functions called, to
// goroutines started with gls.Go, by gls.Bind, gls.Capture and gls.Resume, and not by a plain go
// statement. They end with the Run that set them. A goroutine never adds attributes to its
// creator's lines. Run and With add to the attributes in force; of two with one key the later wins,
// at the end of the list.
//
// # Other loggers
//
// The modules gls/glszap, gls/glszerolog and gls/glslogrus show the same attributes, and those of
// the HTTP request, on the lines of zap, zerolog and logrus. An adapter of another logger asks a
// [Source].
//
// # Values
//
// A value is formatted on the goroutine that logs. A string, number, bool, time or duration is
// formatted at a flow's first line through each logger, as slog's With does. A slog.LogValuer, and
// every value of another type, is formatted for each line, so that it shows the state at that line;
// it must be safe to read on every goroutine of the flow. The attributes behind it are formatted
// for each line too: put what changes last.
//
// # Concurrency
//
// All functions may be called from any number of goroutines at once. No lock is held while
// LogValue, Replace's function or the next handler runs.
//
// # Cost
//
// A line through Handler takes as long as a line through a logger that has the same attributes by
// With, and a few nanoseconds to read the flow's attributes. It allocates nothing more. A flow's
// first line through a logger takes what With takes. Run takes what gls.Run takes and copies the
// attributes. A set of attributes remembers eight loggers: use the same few for all lines of a
// flow, and make no logger for each line.
package glslog
