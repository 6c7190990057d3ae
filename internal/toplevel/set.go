package toplevel

import (
	"log/slog"
	"slices"
	"sync/atomic"

	"github.com/ambient-go/ambient/internal/ambient"
)

// A Set is an immutable list of attributes, no two with one key, and a cache of what handlers have
// prepared from it. It is safe for concurrent use. A nil Set is empty.
type Set struct {
	attrs []slog.Attr // never changes

	// prepared is the head of a linked list of the results that Prepared remembers, newest first,
	// nil at first. Each line loads it; a handler's first line stores it. If two goroutines store
	// at once, one entry is lost and made again.
	prepared atomic.Pointer[prepared]
}

// NewSet returns the set of attrs. Of two with one key the later wins. A group without a key is
// replaced by its attributes, and the zero Attr is left out.
func NewSet(attrs ...slog.Attr) *Set { return (*Set)(nil).With(attrs...) }

// With returns a set with attrs added. Of two with one key the later wins.
func (s *Set) With(attrs ...slog.Attr) *Set {
	next := &Set{attrs: make([]slog.Attr, 0, len(s.Attrs())+len(attrs))}
	next.attrs = append(next.attrs, s.Attrs()...)
	next.add(attrs)
	return next
}

// AddTo returns before.With(s.Attrs()...). It makes a Set an ambient.Adder.
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

// Attrs returns the attributes. The caller must not change the slice.
func (s *Set) Attrs() []slog.Attr {
	if s == nil {
		return nil
	}
	return s.attrs
}

// Has reports whether an attribute has this key.
func (s *Set) Has(key string) bool {
	return slices.ContainsFunc(s.Attrs(), func(a slog.Attr) bool { return a.Key == key })
}

// LogValue returns the attributes as a group, which gls/glsdebug shows for a set.
func (s *Set) LogValue() slog.Value { return slog.GroupValue(s.Attrs()...) }

// Join returns the set of the attributes of outer and inner, either of which may be nil. Of two
// with one key the inner one wins. The result is remembered for the two.
func Join(outer, inner *Set) *Set {
	switch {
	case len(outer.Attrs()) == 0:
		return inner
	case len(inner.Attrs()) == 0:
		return outer
	}
	return outer.Prepared(inner, func() any { return outer.With(inner.attrs...) }).(*Set)
}

// A prepared is the result that a handler computes from a set at the first line and uses for all
// others: usually the next handler with the attributes formatted. With five attributes a line takes
// 0.85 microseconds, 1.85 if they are formatted for each line (BenchmarkLine of gls/glslog), and
// 0.8 without attributes. It is immutable.
type prepared struct {
	by   any // the pointer given to Prepared
	made any

	older *prepared
	depth int // the length of the list from here
}

// maxPrepared is the number of results that a set remembers. At one more the set forgets them all:
// otherwise a program that makes a logger for each line would collect them in a long-lived set.
const maxPrepared = 8

// Prepared returns the result of fn for the pointer by: the remembered one, or a new one when by
// meets the set for the first time. fn may be called more than once, and by several goroutines at
// once. No lock is held.
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

// Stable returns the number of leading attributes that look the same at every line. The attribute
// after them is formatted by code that may see another state at the next line: a LogValuer, a
// Stringer, a struct behind a pointer.
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
