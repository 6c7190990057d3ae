package toplevel

import (
	"log/slog"
	"slices"
	"sync/atomic"

	"github.com/ambient-go/ambient/internal/ambient"
)

// A Set is an immutable list of attributes, no two with one key, and what handlers have made of it. It is safe for
// concurrent use. A nil Set is empty.
type Set struct {
	attrs []slog.Attr // read by whoever has the set, changed by nobody

	// prepared is a list of the handlers that have met the set, the newest first, nil at first. It is loaded by each
	// line and stored by a handler's first: two that store at once lose one entry, which is made again.
	prepared atomic.Pointer[prepared]
}

// NewSet returns the set of attrs. Of two with one key the later wins, the attributes of a group without a key are
// taken as they are, and those without anything are left out.
func NewSet(attrs ...slog.Attr) *Set { return (*Set)(nil).With(attrs...) }

// With returns a set with attrs as well. Of two with one key the later wins.
func (s *Set) With(attrs ...slog.Attr) *Set {
	next := &Set{attrs: make([]slog.Attr, 0, len(s.Attrs())+len(attrs))}
	next.attrs = append(next.attrs, s.Attrs()...)
	next.add(attrs)
	return next
}

// AddTo is before.With(the attributes of s).
func (s *Set) AddTo(before ambient.Adder) ambient.Adder { return before.(*Set).With(s.Attrs()...) }

func (s *Set) add(attrs []slog.Attr) {
	for _, a := range attrs {
		switch {
		case a.Key != "":
			if i := slices.IndexFunc(s.attrs, func(b slog.Attr) bool { return a.Key == b.Key }); i >= 0 {
				s.attrs = slices.Delete(s.attrs, i, i+1)
			}
			s.attrs = append(s.attrs, a)
		case a.Value.Kind() == slog.KindGroup:
			s.add(a.Value.Group())
		case !a.Equal(slog.Attr{}):
			s.attrs = append(s.attrs, a)
		}
	}
}

// Attrs returns the attributes, which are not to be changed.
func (s *Set) Attrs() []slog.Attr {
	if s == nil {
		return nil
	}
	return s.attrs
}

// Has reports whether there is one with this key.
func (s *Set) Has(key string) bool {
	return slices.ContainsFunc(s.Attrs(), func(a slog.Attr) bool { return a.Key == key })
}

// LogValue is the attributes as a group, which is what gls/glsdebug shows of a set.
func (s *Set) LogValue() slog.Value { return slog.GroupValue(s.Attrs()...) }

// A prepared is what a handler makes of a set at the first line and uses for all others: the next handler with the
// attributes in it, which it has usually formatted then. With five attributes a line takes 0.85 microseconds so, and
// 1.85 where they are formatted for each (BenchmarkLine of gls/glslog); without any it takes 0.8.
type prepared struct {
	handler *Handler
	next    slog.Handler // handler.next with the attributes
	root    slog.Handler // handler.root with the attributes

	// perLine are the attributes from the first on that may look different at another line.
	perLine []slog.Attr

	older *prepared
	depth int // the length of the list from here
}

// maxPrepared is how many handlers a set remembers. One more, and it forgets them all: a program that makes a logger
// for each line would collect them in a set that lives long.
const maxPrepared = 8

func (s *Set) preparedFor(h *Handler) *prepared {
	newest := s.prepared.Load()
	for p := newest; p != nil; p = p.older {
		if p.handler == h {
			return p
		}
	}
	p := s.prepare(h)
	if newest != nil && newest.depth < maxPrepared {
		p.older, p.depth = newest, newest.depth
	}
	p.depth++
	s.prepared.Store(p)
	return p
}

// prepare runs code of the user's: the next handler's WithAttrs, and through it ReplaceAttr. No lock is held.
func (s *Set) prepare(h *Handler) *prepared {
	attrs := make([]slog.Attr, 0, len(s.attrs))
	for _, a := range s.attrs {
		if h.replace != nil {
			a = h.replace(a)
		}
		if !a.Equal(slog.Attr{}) && !h.Has(a.Key) {
			attrs = append(attrs, a)
		}
	}
	n := slices.IndexFunc(attrs, changes)
	if n < 0 {
		n = len(attrs)
	}
	p := &prepared{handler: h, next: h.next, root: h.root, perLine: attrs[n:]}
	if n > 0 {
		p.root = h.root.WithAttrs(attrs[:n:n])
		p.next = h.below(p.root)
	}
	return p
}

// changes reports whether the attribute is formatted by code that may see another state at the next line: a
// LogValuer, a Stringer, a struct behind a pointer.
func changes(a slog.Attr) bool {
	switch a.Value.Kind() {
	case slog.KindAny, slog.KindLogValuer:
		return true
	case slog.KindGroup:
		return slices.ContainsFunc(a.Value.Group(), changes)
	default:
		return false
	}
}
