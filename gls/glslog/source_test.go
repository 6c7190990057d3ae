package glslog_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glslog"
)

func sourced(attrs []slog.Attr) string {
	var text strings.Builder
	for _, a := range attrs {
		text.WriteString(a.String() + " ")
	}
	return text.String()
}

// made returns both parts that Prepared gives, the first marked by how often it was made.
func made(s *glslog.Source, by *int) string {
	value, line := s.Prepared(context.Background(), by, func(attrs []slog.Attr) any {
		*by++
		return fmt.Sprint(*by, ":", sourced(attrs))
	})
	if value == nil {
		value = "nothing "
	}
	return value.(string) + "| " + sourced(line)
}

// A Source gives what Handler adds, with the same options.
func TestSourceGivesWhatHandlerAdds(t *testing.T) {
	tenant := gls.New[string]("tenant")
	show := glslog.Show("tenant", tenant)
	rename := glslog.Replace(func(a slog.Attr) slog.Attr {
		if a.Key == "secret" {
			return slog.Attr{}
		}
		a.Key += "!"
		return a
	})
	changing := slog.Any("c", email("c"))
	for name, c := range map[string]struct {
		opts  []glslog.Option
		attrs []slog.Attr
		all   string
		parts string
	}{
		"nothing":          {nil, nil, "", "nothing | "},
		"two":              {nil, []slog.Attr{slog.Int("a", 1), slog.Int("b", 2)}, "a=1 b=2 ", "1:a=1 b=2 | "},
		"one that changes": {nil, []slog.Attr{slog.Int("a", 1), changing, slog.Int("b", 2)}, "a=1 c=c b=2 ", "1:a=1 | c=c b=2 "},
		"only such":        {nil, []slog.Attr{changing}, "c=c ", "nothing | c=c "},
		"a storage":        {[]glslog.Option{show}, nil, "tenant=acme ", "nothing | tenant=acme "},
		"and an attribute": {[]glslog.Option{show}, []slog.Attr{slog.Int("a", 1)}, "a=1 tenant=acme ", "1:a=1 | tenant=acme "},
		"of the same key":  {[]glslog.Option{show}, []slog.Attr{slog.Int("tenant", 1)}, "tenant=1 ", "1:tenant=1 | "},
		"all": {
			[]glslog.Option{show, rename},
			[]slog.Attr{slog.Int("a", 1), slog.Int("secret", 2), changing},
			"a!=1 c!=c tenant!=acme ", "1:a!=1 | c!=c tenant!=acme ",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, by := glslog.NewSource(c.opts...), new(int)
			tenant.Run("acme", func() {
				glslog.Run(func() {
					for range 2 {
						assert.Equal(t, c.all, sourced(s.Attrs(context.Background())))
						assert.Equal(t, c.parts, made(s, by), "made once")
					}
					join(gls.Go, func() { assert.Equal(t, c.parts, made(s, by)) })
				}, c.attrs...)
			})
			assert.Empty(t, s.Attrs(context.Background()), "outside")
			assert.Equal(t, "nothing | ", made(s, by))
		})
	}
	assert.Equal(t, "glslog.NewSource: nil option", panicOf(func() { glslog.NewSource(nil) }))
}

// What is made of one flow's attributes is not another's, and each pointer has its own.
func TestSourcePreparesForEachFlow(t *testing.T) {
	s, one, two := glslog.NewSource(), new(int), new(int)
	glslog.Run(func() {
		assert.Equal(t, "1:a=1 | ", made(s, one))
		assert.Equal(t, "1:a=1 | ", made(s, two))
		glslog.Run(func() { assert.Equal(t, "2:a=1 b=2 | ", made(s, one)) }, slog.Int("b", 2))
		assert.Equal(t, "1:a=1 | ", made(s, one))
	}, slog.Int("a", 1))
	glslog.Run(func() { assert.Equal(t, "3:a=1 | ", made(s, one)) }, slog.Int("a", 1))
}

// Two lines that add to the same attributes do not write into each other's slice.
func TestSourceSlicesHaveNoRoom(t *testing.T) {
	tenant := gls.New[string]("tenant")
	s := glslog.NewSource(glslog.Show("tenant", tenant))
	plain := glslog.NewSource()
	glslog.Run(func() {
		var first, second []slog.Attr
		tenant.Run("acme", func() { first = s.Attrs(context.Background()) })
		tenant.Run("umbrella", func() { second = s.Attrs(context.Background()) })
		assert.Equal(t, "a=1 c=c tenant=acme ", sourced(first))
		assert.Equal(t, "a=1 c=c tenant=umbrella ", sourced(second))
		_ = append(plain.Attrs(context.Background()), slog.Int("x", 1))
		_, line := plain.Prepared(context.Background(), t, func(attrs []slog.Attr) any { return append(attrs, slog.Int("x", 1)) })
		assert.Equal(t, "c=c ", sourced(line))
		_ = append(line, slog.Int("x", 1))
		assert.Equal(t, "a=1 c=c ", sourced(plain.Attrs(context.Background())))
		assert.Equal(t, cap(line), len(line))
		assert.Len(t, plain.Attrs(context.Background()), cap(plain.Attrs(context.Background())))
	}, slog.Int("a", 0), slog.Int("a", 1), slog.Any("c", email("c")))
}

func TestSourceAllocatesNothingOnceItIsPrepared(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	s, by := glslog.NewSource(), new(int)
	glslog.Run(func() {
		ctx := context.Background()
		fn := func([]slog.Attr) any { return by }
		s.Prepared(ctx, by, fn)
		assert.Zero(t, testing.AllocsPerRun(100, func() {
			s.Prepared(ctx, by, fn)
			s.Attrs(ctx)
		}))
	}, slog.Int("a", 1), slog.Any("c", email("c")))
}
