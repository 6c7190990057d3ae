package glslogrus

import (
	"context"
	"log/slog"
	"reflect"
	"slices"

	"github.com/sirupsen/logrus"

	"github.com/ambient-go/ambient/gls/glslog"
	"github.com/ambient-go/ambient/httpctx"
)

// Hook returns a hook that adds the attributes of the flow and of the HTTP request to every line. Each option of
// glslog.Handler does the same here. The hook is immutable and safe for concurrent use. It panics if an option is nil.
func Hook(opts ...glslog.Option) logrus.Hook {
	return &hook{glslog.NewSource(slices.Concat([]glslog.Option{httpctx.ShowRequest()}, opts)...)}
}

type hook struct{ source *glslog.Source }

// Levels are all: logrus asks no hook about a line whose level is off.
func (h *hook) Levels() []logrus.Level { return logrus.AllLevels }

// Fire is called on the goroutine that logs. The entry and its Data are copies that logrus has made for this line.
func (h *hook) Fire(entry *logrus.Entry) error {
	ctx := entry.Context
	if ctx == nil {
		ctx = context.Background()
	}
	made, line := h.source.Prepared(ctx, h, func(attrs []slog.Attr) any { return appendFields(nil, attrs) })
	fields, _ := made.([]field)
	if len(fields)+len(line) == 0 {
		return nil
	}
	if entry.Data == nil {
		entry.Data = make(logrus.Fields, len(fields)+len(line))
	}
	add(entry.Data, fields)
	add(entry.Data, appendFields(nil, line))
	return nil
}

// A field is an attribute as logrus has it. It is immutable.
type field struct {
	key   string
	value any
	group []field // of a group, which is made for each line: whoever is given a map may change it
}

// add puts into data what has no value there.
func add(data map[string]any, fields []field) {
	for _, f := range fields {
		if _, ok := data[f.key]; ok {
			continue
		}
		if f.group != nil {
			group := make(map[string]any, len(f.group))
			for _, inner := range slices.Backward(f.group) { // of two with one key the later wins
				add(group, []field{inner})
			}
			f.value = group
		}
		data[f.key] = f.value
	}
}

// appendFields adds attrs to fields. As in package slog a group without a name is no group, and one of nothing is nothing.
func appendFields(fields []field, attrs []slog.Attr) []field {
	for _, a := range attrs {
		switch value := a.Value.Resolve(); {
		case value.Kind() != slog.KindGroup:
			if v := value.Any(); supported(v) && (a.Key != "" || v != nil) {
				fields = append(fields, field{key: a.Key, value: v})
			}
		case a.Key == "":
			fields = appendFields(fields, value.Group())
		default:
			group := appendFields(nil, value.Group())
			for i, f := range group {
				if err, ok := f.value.(error); ok { // logrus looks for errors at the top level alone
					group[i].value = text(err)
				}
			}
			if len(group) > 0 {
				fields = append(fields, field{key: a.Key, group: group})
			}
		}
	}
	return fields
}

// text is what err says, or nil where it is a nil pointer.
func text(err error) any {
	if v := reflect.ValueOf(err); v.Kind() == reflect.Pointer && v.IsNil() {
		return nil
	}
	return err.Error()
}

// supported reports whether value is none of those with which a formatter fails, and that logrus.WithField leaves out.
func supported(value any) bool {
	typ := reflect.TypeOf(value)
	if typ != nil && typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	_, isError := value.(error)
	return typ == nil || isError || typ.Kind() != reflect.Func
}
