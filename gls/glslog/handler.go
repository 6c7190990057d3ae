package glslog

import (
	"context"
	"log/slog"
	"slices"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/internal/toplevel"
)

// Handler returns a handler that adds the attributes in force to every record and hands it to next.
// It does so for slog.Info without a context too. The attributes stand at the top level, also below
// WithGroup. A record's own attributes and those of WithAttrs keep their place. An attribute whose
// key WithAttrs has put at the top level is not repeated. Outside of a flow nothing is added. The
// record given to the handler is not changed. Handler panics if next or an option is nil.
//
// The handler next formats the attributes, on the goroutine that logs. It formats them once for a
// set of attributes and a logger, as slog's With does, up to the first whose text may differ at the
// next line (a slog.LogValuer, or a value that is neither a string, number, bool, time nor
// duration). From that attribute on it formats them for each line.
//
// Where the record's ctx is context.Background(), which slog.Info gives, next gets gls.Context().
//
// If next is made by Handler, also below LogHandler of package httpctx, nothing is added twice: the
// result is next with the options of both, those of next first.
//
// The handler of slog.Default may be next, with slog.SetDefault of the result too. Lines then go to
// where package log wrote before, in the form of slog.TextHandler. A program's own handler around
// the default handler would deadlock.
func Handler(next slog.Handler, opts ...Option) slog.Handler {
	if next == nil {
		panic("glslog.Handler: nil handler")
	}
	return toplevel.New(next, func(before source) source {
		return source{configOf("glslog.Handler", before.config, opts)}
	})
}

// A source is what Handler adds.
type source struct{ config *toplevel.Config }

// Attrs makes source a toplevel.Source.
func (s source) Attrs(ctx context.Context, h *toplevel.Handler) (*toplevel.Set, []slog.Attr) {
	inner, _ := attributes.Get()
	set, line := s.config.Attrs(ctx, inner)
	return set, slices.DeleteFunc(line, func(a slog.Attr) bool { return h.Has(a.Key) })
}

// configOf returns the configuration that opts make of another one, or of none if before is nil.
// The panic about a nil option names the caller.
func configOf(name string, before *toplevel.Config, opts []Option) *toplevel.Config {
	c := new(toplevel.Config)
	if before != nil {
		*c = *before
		c.Shown = slices.Clip(c.Shown)
	}
	for _, o := range opts {
		if o == nil {
			panic(name + ": nil option")
		}
		toplevel.Apply(o, c)
	}
	return c
}

// An Option changes which attributes Handler adds. Show and Replace return one, and
// httpctx.ShowRequest.
type Option interface{ toplevel.Option }

// Show adds the storage's value under key where the storage is set; a default does not count. An
// attribute of the flow with the same key is shown instead, and of two of these options with one
// key the later, where its storage is set. A slog.LogValuer is shown as its LogValue, and nil as
// <nil>. Show panics if s is nil.
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

// Replace passes every attribute that Handler adds through fn, which renames it, or drops it by
// returning the zero Attr. Of two attributes that get one key, by a group without a key too, the
// later stands on the line. Of two of these options the later gets the result of the earlier. Fn
// gets values as they were set: a slog.LogValuer is not resolved. It is called on the goroutine
// that logs, by any number of goroutines at once, and not for each line. Replace panics if fn is
// nil.
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
