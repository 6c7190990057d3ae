package toplevel

import (
	"context"
	"log/slog"
	"slices"

	"github.com/ambient-go/ambient/gls"
)

// A Source says what to add to records. Handlers whose sources have one type are of one kind.
type Source interface {
	// Attrs returns the attributes to add to a record that the running goroutine logs now: a set,
	// which may be nil, and attributes of this line alone. It must not keep the slice of the line.
	// It is called for each record, by any number of goroutines at once.
	Attrs(ctx context.Context, h *Handler) (set *Set, line []slog.Attr)
}

// A Handler adds the attributes of its source to every record. Those of the set stand where
// attributes of WithAttrs do, before the record's own, and those of the line after the record's
// own. It is immutable.
type Handler struct {
	source Source

	next slog.Handler // with all WithAttrs and WithGroup applied

	// root is next before the first WithGroup, and inner the calls of WithAttrs and WithGroup
	// since, so that attributes can still be put at the top level.
	root  slog.Handler
	inner []func(slog.Handler) slog.Handler

	keys []string // of the attributes that WithAttrs has put at the top level
}

// New returns a handler in front of next, which is not nil, with the source that from makes of a
// zero S. Where next is a handler with a source of that type, or stands in front of one with nothing
// but Handlers between them, New returns a copy of next instead, in which from has made that source
// another one: a second handler of the kind would add everything twice. from may be called twice.
func New[S Source](next slog.Handler, from func(before S) S) slog.Handler {
	if h, ok := extend(next, from); ok {
		return h
	}
	var none S
	next = unbridged(next)
	return &Handler{source: from(none), next: next, root: next}
}

// extend returns h with another source in the first handler whose source is an S, or h itself and
// false.
func extend[S Source](h slog.Handler, from func(before S) S) (slog.Handler, bool) {
	old, ok := h.(*Handler)
	if !ok {
		return h, false
	}
	extended := *old
	if before, ok := old.source.(S); ok {
		extended.source = from(before)
		return &extended, true
	}
	if extended.next, ok = extend(old.next, from); !ok {
		return h, false
	}
	extended.root, _ = extend(old.root, from)
	return &extended, true
}

// Has reports whether WithAttrs has put an attribute with this key at the top level.
func (h *Handler) Has(key string) bool { return slices.Contains(h.keys, key) }

// Enabled asks the next handler.
func (h *Handler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.next.Enabled(ambientOf(ctx), level)
}

// Handle hands the record, or a copy with more attributes, to the next handler.
func (h *Handler) Handle(ctx context.Context, record slog.Record) error {
	ctx = ambientOf(ctx)
	set, line := h.source.Attrs(ctx, h)
	next, root := h.next, h.root
	if set != nil {
		p := set.Prepared(h, func() any { return h.prepare(set) }).(*withSet)
		next, root = p.next, p.root
		if len(p.perLine) > 0 {
			line = slices.Concat(p.perLine, line) // a new slice: the next handler may change it
		}
	}
	switch {
	case len(line) == 0:
	case len(h.inner) == 0:
		record = record.Clone()
		record.AddAttrs(line...)
	default:
		next = h.below(root.WithAttrs(line))
	}
	return next.Handle(ctx, record)
}

// A withSet is the result of applying a set to a handler.
type withSet struct {
	next slog.Handler // the handler's next with the attributes
	root slog.Handler // the handler's root with the attributes

	// perLine holds the attributes from the first one on whose text may differ at another line.
	perLine []slog.Attr
}

// prepare applies the set to the handler. It runs the user's code: the next handler's WithAttrs,
// and through it ReplaceAttr. No lock is held.
func (h *Handler) prepare(set *Set) *withSet {
	attrs := make([]slog.Attr, 0, len(set.attrs))
	for _, a := range set.attrs {
		if !h.Has(a.Key) {
			attrs = append(attrs, a)
		}
	}
	n := Stable(attrs)
	p := &withSet{next: h.next, root: h.root, perLine: attrs[n:]}
	if n > 0 {
		p.root = h.root.WithAttrs(attrs[:n:n])
		p.next = h.below(p.root)
	}
	return p
}

// below applies to root the calls of WithAttrs and WithGroup since h's first WithGroup.
func (h *Handler) below(root slog.Handler) slog.Handler {
	for _, apply := range h.inner {
		root = apply(root)
	}
	return root
}

// ambientOf returns the ambient context if ctx is context.Background(), which slog.Info and package
// log give, so that the next handler finds the trace in it. Otherwise it returns ctx.
func ambientOf(ctx context.Context) context.Context {
	if ctx == context.Background() {
		return gls.Context()
	}
	return ctx
}

// WithAttrs returns a handler with attrs, in the innermost group.
func (h *Handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	if len(attrs) == 0 {
		return h
	}
	if len(h.inner) > 0 {
		// The next handler may change the slice, and inner hands it over once more for each line.
		return h.withInner(func(next slog.Handler) slog.Handler { return next.WithAttrs(slices.Clone(attrs)) })
	}
	derived := *h
	derived.keys = appendKeys(slices.Clip(h.keys), attrs)
	derived.next = h.root.WithAttrs(attrs)
	derived.root = derived.next
	return &derived
}

// appendKeys appends the keys under which a handler shows attrs. It leaves out an empty group, and
// shows the attributes of a group without a key in its place.
func appendKeys(keys []string, attrs []slog.Attr) []string {
	for _, a := range attrs {
		switch {
		case a.Value.Kind() != slog.KindGroup:
			if !a.Equal(slog.Attr{}) {
				keys = append(keys, a.Key)
			}
		case a.Key == "":
			keys = appendKeys(keys, a.Value.Group())
		case len(appendKeys(nil, a.Value.Group())) > 0:
			keys = append(keys, a.Key)
		}
	}
	return keys
}

// WithGroup returns a handler whose later attributes are in a group of that name.
func (h *Handler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	return h.withInner(func(next slog.Handler) slog.Handler { return next.WithGroup(name) })
}

func (h *Handler) withInner(apply func(slog.Handler) slog.Handler) slog.Handler {
	derived := *h
	derived.next = apply(h.next)
	derived.inner = append(slices.Clip(h.inner), apply)
	return &derived
}
