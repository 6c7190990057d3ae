// Package glslogrus puts the attributes of the running flow, and of the HTTP request it belongs to, on the lines of
// github.com/sirupsen/logrus:
//
//	logrus.AddHook(glslogrus.Hook())
//
// From then on each line that is logged during a request of httpctx has its request_id, method, path, pattern and what
// httpctx.AddLogAttrs has added, and each in a flow what glslog.Run and glslog.With have: the lines of logrus.Info
// without a ctx, too. Of two with one key the flow's stands, else the later. Outside of both nothing is added.
//
// The options are those of glslog.Handler: glslog.Show, glslog.Replace, and httpctx.ShowRequest(httpctx.MarkLost()).
//
// # Fields
//
// An attribute is a field of the entry, beside those of WithField. A field that the line or its logger has already wins.
// Hooks that are added later see the attributes, and formatters write them as any field.
//
// Values keep their types: durations, times and errors are such, a group is a map, which is made for each line, in which
// an error is its text, and a slog.LogValuer is resolved. A function, with which formatters fail, is left out.
//
// A line whose level is off costs nothing: logrus asks no hook. The entry's Context says which request the line belongs
// to, if it carries one (see httpctx.WithRequestContext).
//
// # Cost
//
// Values that look the same at every line are made once for a set of attributes and a hook. A line takes what one with
// the same fields by WithFields takes, and allocates the map of the fields where it grows: logrus clones that of the
// logger, and a hook can only add to the clone.
//
// # Concurrency
//
// The hook may be used by any number of loggers and goroutines at once. A value must be safe to read on every goroutine
// of the flow.
package glslogrus
