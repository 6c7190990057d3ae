package toplevel

import (
	"context"
	"log/slog"
	"slices"
)

// A Config is the result of all options. It is immutable once it is in use.
type Config struct {
	Outer   func(ctx context.Context) *Set // the set around the flow's, nil for none
	Shown   []func() (slog.Attr, bool)     // each returns an attribute of the line, or false
	Replace func(slog.Attr) slog.Attr      // nil for none
}

// An Option changes a Config. glslog takes options and makes them; httpctx makes some too.
type Option interface{ apply(c *Config) }

// An OptionFunc is an Option.
type OptionFunc func(c *Config)

func (f OptionFunc) apply(c *Config) { f(c) }

// Apply applies o to c.
func Apply(o Option, c *Config) { o.apply(c) }

// Attrs returns the set in force as Replace leaves it, which may be nil, and the attributes of this
// line alone, in a slice of the caller's. inner is the set of the flow. Of two attributes with one
// key the inner one wins, and one of a set wins over one of the line.
func (c *Config) Attrs(ctx context.Context, inner *Set) (set *Set, line []slog.Attr) {
	given := inner
	if c.Outer != nil {
		given = Join(c.Outer(ctx), inner)
	}
	set = c.replacedSet(given)
	var shown Set
	for _, show := range c.Shown {
		if a, ok := show(); ok && !given.Has(a.Key) {
			shown.add([]slog.Attr{c.replaced(a)})
		}
	}
	return set, slices.DeleteFunc(shown.attrs, func(a slog.Attr) bool { return set.Has(a.Key) })
}

// replacedSet returns the set that Replace makes of set. It is made once for the two.
func (c *Config) replacedSet(set *Set) *Set {
	if c.Replace == nil || len(set.Attrs()) == 0 {
		return set
	}
	return set.Prepared(c, func() any {
		attrs := make([]slog.Attr, len(set.attrs))
		for i, a := range set.attrs {
			attrs[i] = c.Replace(a)
		}
		return NewSet(attrs...)
	}).(*Set)
}

func (c *Config) replaced(a slog.Attr) slog.Attr {
	if c.Replace == nil {
		return a
	}
	return c.Replace(a)
}
