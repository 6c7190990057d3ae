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

// Attrs returns the set in force, which may be nil, and the attributes of this line alone. inner is
// the set of the flow. Of two attributes with one key the inner one wins, and one of a set wins
// over one of the line.
func (c *Config) Attrs(ctx context.Context, inner *Set) (set *Set, line []slog.Attr) {
	set = inner
	if c.Outer != nil {
		set = Join(c.Outer(ctx), inner)
	}
	for _, shown := range c.Shown {
		a, ok := shown()
		if !ok || set.Has(a.Key) {
			continue
		}
		if a = c.replaced(a); !a.Equal(slog.Attr{}) {
			line = append(line, a)
		}
	}
	return set, line
}

// AttrsOf returns the attributes of set as Replace leaves them. The caller must not change the
// slice, which has no room for more.
func (c *Config) AttrsOf(set *Set) []slog.Attr {
	if c.Replace == nil {
		return slices.Clip(set.Attrs())
	}
	attrs := make([]slog.Attr, 0, len(set.Attrs()))
	for _, a := range set.Attrs() {
		if a = c.replaced(a); !a.Equal(slog.Attr{}) {
			attrs = append(attrs, a)
		}
	}
	return slices.Clip(attrs)
}

func (c *Config) replaced(a slog.Attr) slog.Attr {
	if c.Replace == nil {
		return a
	}
	return c.Replace(a)
}
