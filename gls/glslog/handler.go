package glslog

import (
	"context"
	"log/slog"
	"slices"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/internal/toplevel"
)

// Handler returns a handler that adds the attributes in force to every record, those of slog.Info without a context
// included, and hands it to next. They stand at the top level, also below WithGroup; a record's own attributes and
// those of WithAttrs keep their place, and an attribute whose key WithAttrs has put at the top level is not repeated.
// Outside of a flow nothing is added. The record given to the handler is not changed.
//
// Attributes are formatted by next, on the goroutine that logs: once for a set of attributes and a logger, as those
// of slog's With are, up to the first that may look different at the next line (a slog.LogValuer, or a value that is
// neither a string, number, bool, time nor duration), which is formatted for each line together with those behind it.
//
// In the place of context.Background, which slog.Info gives, next gets gls.Context.
//
// Slog.Default's own handler may be next, with slog.SetDefault of the result too: lines then go to where package log
// wrote before, in the form of slog.TextHandler. A handler of one's own around that one would wait for itself for
// ever.
func Handler(next slog.Handler, opts ...Option) slog.Handler {
	if next == nil {
		panic("glslog.Handler: nil handler")
	}
	c := configOf("glslog.Handler", opts)
	return toplevel.New(next, func(ctx context.Context, h *toplevel.Handler) (*toplevel.Set, []slog.Attr) {
		inner, _ := attributes.Get()
		set, line := c.Attrs(ctx, inner)
		return set, slices.DeleteFunc(line, func(a slog.Attr) bool { return h.Has(a.Key) })
	}, c.Replace)
}

// configOf returns what opts say. What takes them is named in the panic about a nil one.
func configOf(name string, opts []Option) *toplevel.Config {
	c := new(toplevel.Config)
	for _, o := range opts {
		if o == nil {
			panic(name + ": nil option")
		}
		toplevel.Apply(o, c)
	}
	return c
}

// An Option changes what Handler adds. It is made by Show and Replace, and by httpctx.ShowRequest.
type Option interface{ toplevel.Option }

// Show adds the storage's value, under that key, where it is set; a default does not count. An attribute of the flow
// with the key is shown instead. A value that is a slog.LogValuer shows what that says, and one that is nil is <nil>.
func Show[T any](key string, s *gls.Storage[T]) Option {
	if s == nil {
		panic("glslog.Show: nil *gls.Storage")
	}
	return toplevel.OptionFunc(func(c *toplevel.Config) {
		c.Shown = append(c.Shown, func() (slog.Attr, bool) {
			value, ok := s.Get()
			if !ok {
				return slog.Attr{}, false
			}
			return slog.Any(key, value), true
		})
	})
}

// Replace has every attribute that Handler adds passed through fn, to rename it, or to drop it by returning the zero
// Attr. Of two of these options the later gets what the earlier returns. Values are as they were set: a
// slog.LogValuer is not resolved. Fn is called on the goroutine that logs, by any number of them at once, and not for
// each line.
func Replace(fn func(slog.Attr) slog.Attr) Option {
	if fn == nil {
		panic("glslog.Replace: nil function")
	}
	return toplevel.OptionFunc(func(c *toplevel.Config) {
		before := c.Replace
		c.Replace = func(a slog.Attr) slog.Attr {
			if before != nil {
				if a = before(a); a.Equal(slog.Attr{}) {
					return a
				}
			}
			return fn(a)
		}
	})
}
