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

	// prepared is a list of what has been made of the set, the newest first, nil at first. It is loaded by each line
	// and stored by a handler's first: two that store at once lose one entry, which is made again.
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

// Join returns the set of those in outer and in inner, either of which may be nil: of two with one key the inner one
// wins. It is made once for the two.
func Join(outer, inner *Set) *Set {
	switch {
	case len(outer.Attrs()) == 0:
		return inner
	case len(inner.Attrs()) == 0:
		return outer
	}
	return outer.Prepared(inner, func() any { return outer.With(inner.attrs...) }).(*Set)
}

// A prepared is what somebody makes of a set at the first line and uses for all others. For a Handler it is the next
// handler with the attributes in it, which it has usually formatted then. With five attributes a line takes 0.85
// microseconds so, and 1.85 where they are formatted for each (BenchmarkLine of gls/glslog); without any it takes 0.8.
// It is immutable.
type prepared struct {
	by   any // a pointer
	made any

	older *prepared
	depth int // the length of the list from here
}

// maxPrepared is how many a set remembers. One more, and it forgets them all: a program that makes a logger for each
// line would collect them in a set that lives long.
const maxPrepared = 8

// Prepared returns what the pointer by stands for has made of the set, by fn when they first meet. Fn may be called
// more than once, and by several goroutines at once. No lock is held.
func (s *Set) Prepared(by any, fn func() any) any {
	newest := s.prepared.Load()
	for p := newest; p != nil; p = p.older {
		if p.by == by {
			return p.made
		}
	}
	p := &prepared{by: by, made: fn()}
	if newest != nil && newest.depth < maxPrepared {
		p.older, p.depth = newest, newest.depth
	}
	p.depth++
	s.prepared.Store(p)
	return p.made
}

// Stable returns how many of attrs, from the first, look the same at every line. The one after them is formatted by
// code that may see another state at the next line: a LogValuer, a Stringer, a struct behind a pointer.
func Stable(attrs []slog.Attr) int {
	if n := slices.IndexFunc(attrs, changes); n >= 0 {
		return n
	}
	return len(attrs)
}

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
