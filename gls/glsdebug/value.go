package glsdebug

import (
	"fmt"
	"log/slog"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// A shown is what the page shows of a value.
type shown struct {
	text string // in one line
	json any    // the value in JSON; nil for a value that is not shown
	why  string // why a LogValuer is not shown, "" if it is

	request *request // not nil if the value is a request's Context
}

// A requestValue is the part of httpctx.Context that the page uses. The page recognizes the type by
// its methods, so that a program that does not use httpctx does not link it.
type requestValue interface {
	slog.LogValuer
	ID() string
	Start() time.Time
	Finished() bool
}

const (
	maxText   = 300 // bytes of one string
	maxAttrs  = 100 // attributes of one value, those of its groups included
	maxDepth  = 5   // groups in groups
	maxValues = 10  // LogValues that return LogValuers
)

// show calls LogValue. It runs code of the program.
func show(value slog.LogValuer) shown {
	v := resolve(slog.AnyValue(value))
	var s shown
	left := maxAttrs
	s.json, s.text = walk(v, 0, &left)
	r, ok := value.(requestValue)
	if !ok {
		return s
	}
	s.request = &request{ID: r.ID(), Start: r.Start(), Finished: r.Finished()}
	if v.Kind() == slog.KindGroup {
		for _, a := range v.Group() {
			switch a.Key {
			case "method":
				s.request.Method = cut(a.Value.String())
			case "path":
				s.request.Path = cut(a.Value.String())
			case "pattern":
				s.request.Pattern = cut(a.Value.String())
			}
		}
	}
	return s
}

// resolve follows LogValues that return LogValuers. Unlike slog's own it lets panics pass.
func resolve(v slog.Value) slog.Value {
	for range maxValues {
		if v.Kind() != slog.KindLogValuer {
			break
		}
		v = v.LogValuer().LogValue()
	}
	return v
}

// walk returns v as encoding/json takes it and as a text in one line. It reads at most *left
// attributes.
func walk(v slog.Value, depth int, left *int) (json any, text string) {
	v = resolve(v)
	if v.Kind() != slog.KindGroup {
		json = scalar(v)
		if json == nil {
			return nil, "nil"
		}
		text = fmt.Sprint(json)
		if depth > 0 && (text == "" || strings.ContainsAny(text, " =\"{}")) || strings.ContainsFunc(text, isControl) {
			text = strconv.Quote(text)
		}
		return json, text
	}
	if depth == maxDepth {
		return "…", "…"
	}
	group := map[string]any{}
	var b strings.Builder
	for i, a := range v.Group() {
		if i > 0 {
			b.WriteByte(' ')
		}
		if *left == 0 {
			b.WriteString("…")
			break
		}
		*left--
		key := cut(a.Key)
		value, line := walk(a.Value, depth+1, left)
		group[key] = value
		b.WriteString(key + "=" + line)
	}
	if depth > 0 {
		return group, "{" + b.String() + "}"
	}
	return group, b.String()
}

// scalar returns a value that is not a group.
func scalar(v slog.Value) any {
	switch v.Kind() {
	case slog.KindInt64:
		return v.Int64()
	case slog.KindUint64:
		return v.Uint64()
	case slog.KindBool:
		return v.Bool()
	case slog.KindFloat64:
		if f := v.Float64(); !math.IsNaN(f) && !math.IsInf(f, 0) {
			return f
		}
		return v.String()
	case slog.KindTime:
		return v.Time().Format(time.RFC3339Nano)
	case slog.KindString, slog.KindDuration:
		return cut(v.String())
	default:
		return other(v.Any())
	}
}

// other returns a value of a type that slog has no kind for: the number or string if it is of a
// named type, otherwise the name of the type.
func other(value any) any {
	v := reflect.ValueOf(value)
	switch v.Kind() {
	case reflect.Invalid:
		return nil
	case reflect.String:
		return cut(v.String())
	case reflect.Bool:
		return v.Bool()
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return v.Int()
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return v.Uint()
	default:
		return "(" + v.Type().String() + ")"
	}
}

func isControl(r rune) bool { return r < ' ' }

// cut returns the first maxText bytes of s, in whole characters.
func cut(s string) string {
	if len(s) <= maxText {
		return strings.ToValidUTF8(s, "\uFFFD")
	}
	end := maxText
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return strings.ToValidUTF8(s[:end], "\uFFFD") + "…"
}
