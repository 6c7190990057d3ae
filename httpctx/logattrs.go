package httpctx

import "log/slog"

// AddLogAttrs adds attributes to every later line of the current request that LogHandler sees, on
// all goroutines of the request and in the Middlewares around this one: a line that an outer
// middleware logs after the handler has all of them. Of two with one key the later wins. Outside of
// a request, after it and switched off it does nothing.
func AddLogAttrs(attrs ...slog.Attr) {
	if c, ok := Get(); ok {
		c.AddLogAttrs(attrs...)
	}
}

// AddLogAttrs adds attributes to every later line of c's request, as the function of this name does
// for the current request. It is safe for concurrent use. A Context made by GoDetached has the
// attributes that were added before it, and from then on its own.
func (c *Context) AddLogAttrs(attrs ...slog.Attr) {
	if len(attrs) == 0 {
		return
	}
	for {
		before := c.logAttrs.Load()
		if c.logAttrs.CompareAndSwap(before, before.With(attrs...)) {
			return
		}
	}
}
