// Package glszap puts the attributes of the running flow, and of the HTTP request it belongs to, on the lines of
// go.uber.org/zap:
//
//	logger, err := zap.NewProduction(glszap.WrapCore())
//
// From then on each line that is logged during a request of httpctx has its request_id, method, path, pattern and what
// httpctx.AddLogAttrs has added, and each in a flow what glslog.Run and glslog.With have: the lines of a logger that a
// package made at its start and that is handed no ctx, too. Of two with one key the flow's stands, else the later.
// Outside of both nothing is added.
//
// The options are those of glslog.Handler: glslog.Show, glslog.Replace, and httpctx.ShowRequest(httpctx.MarkLost()).
//
// # Places
//
// The attributes stand where fields of With do: behind those that the logger has, in front of the line's own, and at the
// top level, also below zap.Namespace. One whose key With has put at the top level is not repeated; zap does not look
// for the line's own fields with the same key, which come later. Fields that a logger has before it is wrapped are not
// known here: wrap the core first.
//
// Values keep their types: numbers, durations, times and errors are zap's, a group is an object, a slog.LogValuer is
// resolved, and all else is zap.Any.
//
// # Cores
//
// [NewCore] wraps a core. Levels, sampling, tees and hooks of that one work as without: Check hands the line to it with
// the attributes in it, as With would have put them there, and it decides. A line whose level is off costs one call of
// Enabled: nothing is looked up or formatted.
//
// # Cost
//
// Attributes that look the same at every line (strings, numbers, bools, times, durations, groups of such) are encoded at
// a flow's first line through each logger, as those of With are, and from then on a line allocates no more than one
// through a logger with the same fields by With, and takes some tens of nanoseconds longer. A slog.LogValuer, an error
// and all else are encoded for each line that is enabled, dropped by a sampler or not, together with those behind them,
// at the price of a With: put what changes last. A set of attributes remembers eight loggers: give each line of a flow
// the same few, and make no logger for each.
//
// # Concurrency
//
// All functions may be called from any number of goroutines at once. No lock is held while LogValue or the next core
// runs.
package glszap
