package glslog

import (
	"context"
	"log/slog"
	"slices"

	"github.com/ambient-go/ambient/internal/toplevel"
)

// A Source gives the adapter of a logger other than slog's what Handler adds to the line that is logged right now on
// the running goroutine. It is immutable and safe for concurrent use.
type Source struct{ config *toplevel.Config }

// NewSource returns the source of the attributes that Handler adds with these options.
func NewSource(opts ...Option) *Source { return &Source{configOf("glslog.NewSource", opts)} }

// Attrs returns the attributes of the line, no two of a flow with one key, nil where there are none. Values are as they
// were set: a slog.LogValuer is not resolved. The slice is shared and not to be changed. A ctx that the line was given
// says which request it belongs to, as for httpctx.LogHandler; it is context.Background where there is none.
func (s *Source) Attrs(ctx context.Context) []slog.Attr {
	inner, _ := attributes.Get()
	set, line := s.config.Attrs(ctx, inner)
	if len(set.Attrs()) == 0 {
		return line
	}
	if s.config.Replace == nil && len(line) == 0 {
		return s.config.AttrsOf(set)
	}
	return set.Prepared(s, func() any { return &part{line: s.config.AttrsOf(set)} }).(*part).with(line)
}

// Prepared returns the attributes of the line in two parts, for a logger that can format some in advance. Made is what
// fn has made of those that look the same at every line, and nil where there are none. Fn is called when by, a pointer
// of the adapter's, meets them for the first time. The others follow in line, as Attrs returns them.
//
// What is made is remembered with the attributes and ends with the flow. Of eight pointers it is remembered. Fn may be
// called more than once, by several goroutines at once; no lock is held.
func (s *Source) Prepared(ctx context.Context, by any, fn func(attrs []slog.Attr) any) (made any, line []slog.Attr) {
	inner, _ := attributes.Get()
	set, line := s.config.Attrs(ctx, inner)
	if len(set.Attrs()) == 0 {
		return nil, line
	}
	p := set.Prepared(by, func() any {
		all := s.config.AttrsOf(set)
		n := toplevel.Stable(all)
		p := &part{line: all[n:]}
		if n > 0 {
			p.made = fn(all[:n:n])
		}
		return p
	}).(*part)
	return p.made, p.with(line)
}

// A part is what somebody has made of a set, and those of its attributes that he has not.
type part struct {
	made any
	line []slog.Attr
}

// with returns the attributes of the part and those of the line, which are nobody else's.
func (p *part) with(line []slog.Attr) []slog.Attr {
	if len(line) == 0 {
		return p.line
	}
	return slices.Concat(p.line, line)
}
