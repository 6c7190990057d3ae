// Package glszerolog puts the attributes of the running flow, and of the HTTP request it belongs to, on the lines of
// github.com/rs/zerolog:
//
//	log.Logger = log.Logger.Hook(glszerolog.Hook())
//
// From then on each line that is logged during a request of httpctx has its request_id, method, path, pattern and what
// httpctx.AddLogAttrs has added, and each in a flow what glslog.Run and glslog.With have: the lines of log.Info without a
// ctx, too. Of two with one key the flow's stands, else the later. Outside of both nothing is added.
//
// The options are those of glslog.Handler: glslog.Show, glslog.Replace, and httpctx.ShowRequest(httpctx.MarkLost()).
//
// # Places
//
// The attributes stand behind the line's own fields and in front of the message, as those of every hook do. Zerolog
// writes fields as they come and does not look for keys: where the logger or the line has a field with the key of an
// attribute, both stand there. Give one of them another name, here by glslog.Replace.
//
// Values keep their types: numbers, durations, times and errors are written as zerolog's settings say, a group is an
// object, a slog.LogValuer is resolved, and all else is Event.Any.
//
// A line whose level is off, or that a sampler or an earlier hook drops, costs nothing: no hook is called, or this one
// does nothing. A ctx of Event.Ctx or Context.Ctx says which request the line belongs to, if it carries one (see
// httpctx.WithRequestContext).
//
// # Cost
//
// A line allocates no more than one through a logger with the same fields by With. With encodes them once, and a line
// copies bytes: 0.10 microseconds with five fields. A hook has no such way, and encodes the attributes for each line:
// 0.33 with five, 0.15 outside of a flow (BenchmarkLine, which writes to nowhere). One attribute costs 1.3 times what it
// costs in a hook of the program that reads the ctx of each line (BenchmarkOneValue).
//
// # Concurrency
//
// The hook may be used by any number of loggers and goroutines at once. A value is formatted on the goroutine that logs,
// for each line, and must be safe to read on every goroutine of the flow.
package glszerolog
