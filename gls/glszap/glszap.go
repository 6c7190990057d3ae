package glszap

import (
	"context"
	"log/slog"
	"slices"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/ambient-go/ambient/gls/glslog"
	"github.com/ambient-go/ambient/httpctx"
)

// NewCore returns a core that adds the attributes of the flow and of the HTTP request to every line that next writes.
// Each option of glslog.Handler does the same here. The core is immutable and safe for concurrent use if next is. It
// panics if next or an option is nil.
func NewCore(next zapcore.Core, opts ...glslog.Option) zapcore.Core {
	if next == nil {
		panic("glszap.NewCore: nil zapcore.Core")
	}
	source := glslog.NewSource(slices.Concat([]glslog.Option{httpctx.ShowRequest()}, opts)...)
	return &core{source: source, Core: next, root: next}
}

// WrapCore is NewCore as an option of zap.New, zap.Config.Build and zap.Logger.WithOptions. The fields that the logger has
// already are next's own: an attribute with such a key stands there twice.
func WrapCore(opts ...glslog.Option) zap.Option {
	return zap.WrapCore(func(next zapcore.Core) zapcore.Core { return NewCore(next, opts...) })
}

// A core is immutable.
type core struct {
	zapcore.Core // with all fields of With

	source *glslog.Source

	// root has the fields of With up to the first that opens a namespace, and inner are the others, so that attributes
	// can still be put at the top level.
	root  zapcore.Core
	inner []zapcore.Field

	keys []string // of root's fields
}

// A prepared is what a core makes of attributes that look the same at every line.
type prepared struct{ full, root zapcore.Core }

// Level is what zapcore.LevelOf asks for.
func (c *core) Level() zapcore.Level { return zapcore.LevelOf(c.Core) }

func (c *core) With(fields []zapcore.Field) zapcore.Core {
	derived := *c
	derived.Core = c.Core.With(fields)
	if n := slices.IndexFunc(fields, opens); len(c.inner) == 0 && n != 0 {
		outer := fields
		if n > 0 {
			outer = fields[:n:n]
		}
		derived.root, fields = c.root.With(outer), fields[len(outer):]
		derived.keys = slices.Clip(c.keys)
		for _, f := range outer {
			derived.keys = append(derived.keys, f.Key)
		}
	}
	derived.inner = slices.Concat(c.inner, fields)
	return &derived
}

// opens reports whether the fields after f may be in a namespace.
func opens(f zapcore.Field) bool {
	return f.Type == zapcore.NamespaceType || f.Type == zapcore.InlineMarshalerType
}

// Check adds the next core with the attributes in it, which writes the line without this one: whether that core
// samples lines, writes some levels elsewhere or has hooks is its own affair.
func (c *core) Check(entry zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if !c.Enabled(entry.Level) {
		return checked
	}
	return c.withAttrs().Check(entry, checked)
}

// Write is for cores around this one that do not ask for Check.
func (c *core) Write(entry zapcore.Entry, fields []zapcore.Field) error {
	return c.withAttrs().Write(entry, fields)
}

// withAttrs returns the next core with the attributes of the line.
func (c *core) withAttrs() zapcore.Core {
	made, line := c.source.Prepared(context.Background(), c, func(attrs []slog.Attr) any {
		return c.prepare(c.Core, c.root, attrs)
	})
	p, ok := made.(*prepared)
	if len(line) > 0 {
		if ok {
			return c.prepare(p.full, p.root, line).full
		}
		return c.prepare(c.Core, c.root, line).full
	}
	if ok {
		return p.full
	}
	return c.Core
}

// prepare returns the cores with attrs in them.
func (c *core) prepare(full, root zapcore.Core, attrs []slog.Attr) *prepared {
	fields := appendFields(make([]zapcore.Field, 0, len(attrs)), attrs, c.keys)
	switch {
	case len(fields) == 0:
	case len(c.inner) == 0:
		full = full.With(fields)
		root = full
	default:
		root = root.With(fields)
		full = root.With(c.inner)
	}
	return &prepared{full, root}
}
