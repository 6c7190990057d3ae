package glslog_test

import (
	"io"
	"log/slog"
	"slices"
	"strconv"
	"testing"

	"github.com/ambient-go/ambient/gls/glslog"
)

var five = []slog.Attr{
	slog.String("user", "ada@example.com"), slog.String("tenant", "acme"), slog.Int("order", 4711),
	slog.Bool("admin", false), slog.String("region", "eu-central-1"),
}

// changing are the five with a value that is formatted anew for each line, and the others with it.
var changing = append([]slog.Attr{slog.Any("user", email("ada@example.com"))}, five[1:]...)

type email string

func (e email) LogValue() slog.Value { return slog.StringValue(string(e)) }

func with(h slog.Handler, attrs []slog.Attr) *slog.Logger {
	return slog.New(h.WithAttrs(slices.Clone(attrs)))
}

func quiet() slog.Handler { return slog.NewJSONHandler(io.Discard, nil) } //nolint:sloglint // formatting is measured

// A line with five attributes. The bar is 1.3 times impl=with, slog's own With.
func BenchmarkLine(b *testing.B) {
	plain, through := quiet(), slog.New(glslog.Handler(quiet()))
	line := func(name string, l *slog.Logger, attrs ...slog.Attr) {
		b.Run(name, func(b *testing.B) {
			glslog.Run(func() {
				b.ReportAllocs()
				for b.Loop() {
					l.Info("order placed", "amount", 12)
				}
			}, attrs...)
		})
	}
	line("impl=none/attrs=0", slog.New(plain))
	line("impl=ambient/attrs=0", through)
	line("impl=with/attrs=5", with(plain, five))
	line("impl=ambient/attrs=5", through, five...)
	line("impl=with/attrs=5/group=g", with(plain, five).WithGroup("g"))
	line("impl=ambient/attrs=5/group=g", through.WithGroup("g"), five...)
	line("impl=ambient/attrs=5/values=changing", through, changing...)
	line("impl=ambient/attrs=5/values=changing/group=g", through.WithGroup("g"), changing...)
}

// A flow of a few lines, as a request's: what is prepared for it is used no more often than that.
func BenchmarkFlow(b *testing.B) {
	plain, through := quiet(), slog.New(glslog.Handler(quiet()))
	for _, lines := range []int{1, 3, 10} {
		name := "lines=" + strconv.Itoa(lines)
		b.Run("impl=with/"+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				l := with(plain, five)
				for range lines {
					l.Info("order placed", "amount", 12)
				}
			}
		})
		b.Run("impl=ambient/"+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				glslog.Run(func() {
					for range lines {
						through.Info("order placed", "amount", 12)
					}
				}, five...)
			}
		})
	}
}
