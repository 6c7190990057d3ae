// Package glslog puts attributes of the running flow on its log lines: they are set once, at any depth, and stand on
// every line that the flow logs afterwards, with any logger and from code that knows nothing of them. Other languages
// call it MDC, for mapped diagnostic context.
//
// Where one has a *slog.Logger at hand and passes it on, Logger.With does the same and says so in the code. This
// package is for the lines of code that no logger reaches: libraries, models and helpers that call slog.Info. Inside
// an HTTP request, httpctx.AddLogAttrs adds to the request's lines, those of its middlewares included.
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
// # Flows
//
// Attributes are a value of package gls and travel as any: to functions called, to goroutines started with gls.Go, by
// gls.Bind, gls.Capture and gls.Resume, and not by a plain go statement. They end with the Run that set them, and
// what a goroutine adds is not seen by the one that started it. Run and With add to those in force; of two with one
// key the later wins, in its place at the end. [With] is one of several bindings of gls.Run:
//
//	gls.Run(fn, user.With(u), glslog.With(slog.String("user", u.Name)))
//
// [Show] shows what a storage holds, without anybody setting an attribute:
//
//	glslog.Handler(next, glslog.Show("tenant", tenant))
//
// # Other loggers
//
// The modules gls/glszap, gls/glszerolog and gls/glslogrus show the same attributes, and those of the HTTP request, on
// the lines of zap, zerolog and logrus. An adapter of another logger asks a [Source].
//
// # Values
//
// A value is formatted on the goroutine that logs. A slog.LogValuer, and whatever is neither a string, number, bool,
// time nor duration, is formatted for each line, so that it shows the state at that line; it must be safe to read on
// every goroutine of the flow. All others are formatted at a flow's first line through each logger, as slog's With
// does. Those in front of the first that changes are: put what changes last.
//
// # Concurrency
//
// All functions may be called from any number of goroutines at once. No lock is held while LogValue, Replace's
// function or the next handler runs.
//
// # Cost
//
// A line through Handler takes what one through a logger with the same attributes by With takes, and a few
// nanoseconds for the look at the flow; it allocates nothing more. Run takes what gls.Run takes and copies the
// attributes. A flow's first line through a logger takes what With takes. A set of attributes remembers eight
// loggers: give each line of a flow the same few, and make no logger for each.
package glslog
