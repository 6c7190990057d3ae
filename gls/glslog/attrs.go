package glslog

import (
	"log/slog"
	"slices"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/internal/toplevel"
)

// attributes holds the attributes of the flow. A binding of it adds to the set in force where it is
// bound.
var attributes = gls.New[*toplevel.Set]("glslog")

// With returns a binding that adds attrs to the attributes in force, for gls.Run and
// gls.Snapshot.With. Of two with one key the later wins. The attributes in force are those at the
// gls.Run, not at the call of With.
func With(attrs ...slog.Attr) gls.Binding { return attributes.With(toplevel.NewSet(attrs...)) }

// Run calls fn with attrs added to the attributes in force. It ends as gls.Storage.Run does. It
// panics if fn is nil.
func Run(fn func(), attrs ...slog.Attr) {
	if fn == nil {
		panic("glslog.Run: nil function")
	}
	gls.Run(fn, With(attrs...))
}

// Attrs returns the attributes in force, in the order in which they were added, or nil without any.
// It is for loggers other than slog's. The slice is the caller's.
func Attrs() []slog.Attr {
	set, _ := attributes.Get()
	return slices.Clone(set.Attrs())
}
