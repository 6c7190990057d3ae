package glslog

import (
	"context"
	"log/slog"
	"slices"

	"github.com/ambient-go/ambient/internal/toplevel"
)

// A Source returns the attributes that Handler would add to a line that the running goroutine logs
// now. It is for adapters of loggers other than slog's. It is immutable and safe for concurrent
// use.
type Source struct{ config *toplevel.Config }

// NewSource returns the source of the attributes that Handler adds with these options. It panics if
// an option is nil.
func NewSource(opts ...Option) *Source { return &Source{configOf("glslog.NewSource", nil, opts)} }

// Attrs returns the attributes of the line, no two of a flow with one key, or nil without any.
// Values are as they were set: a slog.LogValuer is not resolved. The slice is shared; the caller
// must not change it. A ctx that was passed with the line tells which request it belongs to, as for
// httpctx.LogHandler. Pass context.Background() if there is none.
func (s *Source) Attrs(ctx context.Context) []slog.Attr {
	inner, _ := attributes.Get()
	set, line := s.config.Attrs(ctx, inner)
	return (&part{line: slices.Clip(set.Attrs())}).with(line)
}

// Prepared returns the attributes of the line in two parts, for a logger that can format some of
// them in advance. The first part, made, is the result of fn for the attributes that look the same
// at every line, or nil without any. The second part, line, holds the others, as Attrs returns
// them. Fn is called when by, a pointer of the adapter's, meets the attributes for the first time.
//
// The attributes remember the result for eight pointers, and it ends with the flow. Fn may be
// called more than once, by several goroutines at once; no lock is held.
func (s *Source) Prepared(ctx context.Context, by any, fn func(attrs []slog.Attr) any) (made any, line []slog.Attr) {
	inner, _ := attributes.Get()
	set, line := s.config.Attrs(ctx, inner)
	if len(set.Attrs()) == 0 {
		return nil, line
	}
	p := set.Prepared(by, func() any {
		all := slices.Clip(set.Attrs())
		n := toplevel.Stable(all)
		p := &part{line: all[n:]}
		if n > 0 {
			p.made = fn(all[:n:n])
		}
		return p
	}).(*part)
	return p.made, p.with(line)
}

// A part is the result of a caller's fn for a set's first attributes, and the set's other
// attributes.
type part struct {
	made any
	line []slog.Attr
}

// with returns the part's attributes and then the line's. The slice line is the caller's own.
func (p *part) with(line []slog.Attr) []slog.Attr {
	switch {
	case len(line) == 0:
		return p.line
	case len(p.line) == 0:
		return line
	}
	return slices.Concat(p.line, line)
}
