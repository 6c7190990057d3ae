package httpctx

import (
	"context"

	"github.com/ambient-go/ambient/gls/glslog"
	"github.com/ambient-go/ambient/internal/toplevel"
)

// ShowRequest is LogHandler as an option of glslog.Handler and glslog.NewSource, for one handler
// that adds the attributes of both packages. The adapters of other loggers have it built in. The
// attributes of the request stand before those of the flow; of two with one key that of the flow
// wins.
//
//	slog.New(glslog.Handler(next, httpctx.ShowRequest()))
//
// The later of two of these options wins. ShowRequest panics if an option is nil.
func ShowRequest(opts ...LogOption) glslog.Option {
	l := logConfig{}.with("httpctx.ShowRequest", opts)
	return toplevel.OptionFunc(func(c *toplevel.Config) { c.Outer = l.set })
}

// A shown is the set of a request's attributes. It is immutable.
type shown struct {
	pattern string // the pattern that set contains
	set     *toplevel.Set
}

// set returns all attributes that LogHandler adds, as one set.
func (l logConfig) set(ctx context.Context) *toplevel.Set {
	c, ok := byContext(ctx)
	switch {
	case ok:
		return c.shown()
	case l.markLost && c == nil:
		return toplevel.NewSet(lostAttrs()...)
	}
	return nil
}

// shown returns the set of c's attributes, which is made once for c, a set of AddLogAttrs and a
// pattern. The set of AddLogAttrs remembers it: under c for the first pattern, and for each later
// pattern under the result before.
func (c *Context) shown() *toplevel.Set {
	pattern, added := c.anywhere(), c.logAttrs.Load()
	if added == nil {
		c.logAttrs.CompareAndSwap(nil, new(toplevel.Set))
		added = c.logAttrs.Load()
	}
	by := any(c)
	for {
		s := added.Prepared(by, func() any {
			return &shown{pattern, toplevel.NewSet(c.attrs(true, pattern)...).With(added.Attrs()...)}
		}).(*shown)
		if s.pattern == pattern {
			return s.set
		}
		by = s
	}
}
