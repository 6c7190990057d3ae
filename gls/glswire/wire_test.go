package glswire_test

import (
	"encoding/json"
	"errors"
	"math"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glswire"
)

// trip sends value through text and reads it again.
func trip[T any](t *testing.T, codec glswire.Codec[T], value T) (text string, back T) {
	t.Helper()
	s := gls.New[T]("value")
	w := glswire.Value("key", s, codec)
	s.Run(value, func() {
		var set bool
		var err error
		text, set, err = w.Text()
		require.NoError(t, err)
		require.True(t, set)
	})
	b, err := w.Bind(text)
	require.NoError(t, err)
	gls.Run(func() { back = s.GetOrFail() }, b)
	return text, back
}

type name string

func TestValuesComeBackAsTheyWere(t *testing.T) {
	for _, want := range []string{"", "a", "a,b;c=d %\r\n\x00", "ü€𝄞", strings.Repeat("x", glswire.MaxLen)} {
		text, got := trip(t, glswire.String[string](), want)
		assert.Equal(t, want, text)
		assert.Equal(t, want, got)
	}
	_, n := trip(t, glswire.String[name](), "ada")
	assert.Equal(t, name("ada"), n)

	text, i := trip(t, glswire.Int[int64](), math.MinInt64)
	assert.Equal(t, "-9223372036854775808", text)
	assert.Equal(t, int64(math.MinInt64), i)
	_, u := trip(t, glswire.Int[uint64](), math.MaxUint64)
	assert.Equal(t, uint64(math.MaxUint64), u)
	_, d := trip(t, glswire.Int[time.Duration](), -time.Second)
	assert.Equal(t, -time.Second, d)

	addr := netip.MustParseAddr("2001:db8::1")
	text, a := trip(t, glswire.Text[netip.Addr](), addr)
	assert.Equal(t, "2001:db8::1", text)
	assert.Equal(t, addr, a)

	type user struct {
		Name  string
		Roles []string
	}
	want := &user{"Ada", []string{"admin"}}
	text, p := trip(t, glswire.JSON[*user](), want)
	assert.JSONEq(t, `{"Name":"Ada","Roles":["admin"]}`, text)
	assert.Equal(t, want, p)
	assert.NotSame(t, want, p)
	_, p = trip(t, glswire.JSON[*user](), nil)
	assert.Nil(t, p, "nil counts as set")
}

func TestWhatDoesNotDecodeIsDropped(t *testing.T) {
	small := glswire.Value("small", gls.New[int8](""), glswire.Int[int8]())
	unsigned := glswire.Value("unsigned", gls.New[uint](""), glswire.Int[uint]())
	text := glswire.Value("text", gls.New[string](""), glswire.String[string]())
	addr := glswire.Value("addr", gls.New[netip.Addr](""), glswire.Text[netip.Addr]())
	object := glswire.Value("object", gls.New[map[string]int](""), glswire.JSON[map[string]int]())
	for name, c := range map[string]struct {
		wire glswire.Wire
		text string
	}{
		"a number that is too large": {small, "128"},
		"no number":                  {small, "secret"},
		"an empty number":            {small, ""},
		"a negative unsigned":        {unsigned, "-1"},
		"text that is too long":      {text, strings.Repeat("x", glswire.MaxLen+1)},
		"text that is not UTF-8":     {text, "a\xff"},
		"no address":                 {addr, "1.2.3"},
		"no JSON":                    {object, "{"},
		"JSON of another type":       {object, `{"a":"b"}`},
		"JSON with more behind":      {object, `{} {}`},
	} {
		t.Run(name, func(t *testing.T) {
			b, err := c.wire.Bind(c.text)
			var e *glswire.Error
			require.ErrorAs(t, err, &e)
			assert.Equal(t, c.wire.Key(), e.Key)
			assert.False(t, e.Sending)
			assert.Equal(t, gls.Binding{}, b)
			assert.NotContains(t, err.Error(), "secret")
			assert.Contains(t, err.Error(), "glswire: \""+c.wire.Key()+"\" is not taken from what came in: ")
		})
	}
}

func TestWhatCannotBeSentIsNotCut(t *testing.T) {
	s := gls.New[string]("s")
	boom := errors.New("boom")
	odd := glswire.Codec[string]{
		Encode: func(string) (string, error) { return "half", boom },
		Decode: func(string) (string, error) { return "", nil },
	}
	for name, c := range map[string]struct {
		codec glswire.Codec[string]
		value string
		want  error
	}{
		"too long":             {glswire.String[string](), strings.Repeat("x", glswire.MaxLen+1), glswire.ErrTooLong},
		"not UTF-8":            {glswire.String[string](), "a\xff", glswire.ErrNotUTF8},
		"the codec's own word": {odd, "x", boom},
	} {
		t.Run(name, func(t *testing.T) {
			s.Run(c.value, func() {
				text, _, err := glswire.Value("k", s, c.codec).Text()
				require.ErrorIs(t, err, c.want)
				var e *glswire.Error
				require.ErrorAs(t, err, &e)
				assert.True(t, e.Sending)
				assert.Empty(t, text)
				assert.Equal(t, `glswire: "k" is not sent: `+c.want.Error(), err.Error())
			})
		})
	}
	floats := gls.New[float64]("floats")
	floats.Run(math.NaN(), func() {
		_, _, err := glswire.Value("k", floats, glswire.JSON[float64]()).Text()
		var unsupported *json.UnsupportedValueError
		assert.ErrorAs(t, err, &unsupported)
	})
}

func TestASetCarriesWhatIsSetAndNamed(t *testing.T) {
	a, b, c, other := gls.New[string]("a"), gls.New[int]("b"), gls.NewWithDefault("c", "default"), gls.New[string]("other")
	set := glswire.NewSet(
		glswire.Value("A", a, glswire.String[string]()),
		glswire.Value("b", b, glswire.Int[int]()),
		glswire.Value("c", c, glswire.String[string]()))
	sent := map[string]string{}
	put := func(key, text string) { sent[key] = text }
	fail := func(err error) { assert.NoError(t, err) }
	gls.Run(func() { set.Encode(put, fail) }, a.With(""), b.With(1), other.With("x"))
	assert.Equal(t, map[string]string{"A": "", "b": "1"}, sent, "a default is not set, and other not named")

	get := func(key string) (string, bool) { text, ok := sent[key]; return text, ok }
	gls.Run(func() {
		text, ok := a.Get()
		assert.True(t, ok)
		assert.Empty(t, text)
		assert.Equal(t, 1, b.GetOrFail())
		_, ok = c.Get()
		assert.False(t, ok)
	}, set.Decode(get, fail)...)

	// One that cannot travel takes no other with it.
	var errs []error
	report := func(err error) { errs = append(errs, err) }
	clear(sent)
	gls.Run(func() { set.Encode(put, report); set.Encode(put, nil) }, a.With("\xff"), b.With(2))
	assert.Equal(t, map[string]string{"b": "2"}, sent)
	sent["A"], sent["b"] = "kept", "x"
	assert.Len(t, set.Decode(get, report), 1)
	assert.Len(t, set.Decode(get, nil), 1)
	require.Len(t, errs, 2)
	assert.ErrorContains(t, errs[0], `"A" is not sent`)
	assert.ErrorContains(t, errs[1], `"b" is not taken`)

	var zero glswire.Set
	zero.Encode(put, fail)
	assert.Empty(t, zero.Decode(get, fail))
	assert.Empty(t, zero.Wires())
}

func TestASetDoesNotChange(t *testing.T) {
	s := gls.New[string]("s")
	list := []glswire.Wire{glswire.Value("a", s, glswire.String[string]())}
	set := glswire.NewSet(list...)
	list[0] = glswire.Wire{}
	set.Wires()[0] = glswire.Wire{}
	assert.Equal(t, "a", set.Wires()[0].Key())
}

func TestMistakesAreFoundWhereTheListIsMade(t *testing.T) {
	s := gls.New[string]("s")
	codec := glswire.String[string]()
	for _, key := range []string{"", "a b", "a:b", "ä", "a\n", "a,b", "a=b", `a"b`, "a/b", "a@b"} {
		assert.Panics(t, func() { glswire.Value(key, s, codec) }, key)
	}
	assert.PanicsWithValue(t, "glswire.Value: the key \"a b\" is not one of letters, digits and !#$%&'*+-.^_`|~",
		func() { glswire.Value("a b", s, codec) })
	assert.PanicsWithValue(t, `glswire.Value: the storage of "a" is nil`,
		func() { glswire.Value("a", (*gls.Storage[string])(nil), codec) })
	for _, half := range []glswire.Codec[string]{{Encode: codec.Encode}, {Decode: codec.Decode}} {
		assert.PanicsWithValue(t, `glswire.Value: the codec of "a" lacks Encode or Decode`,
			func() { glswire.Value("a", s, half) })
	}
	a := glswire.Value("a!#$%&'*+-.^_`|~09zAZ", s, codec)
	assert.PanicsWithValue(t, "glswire.NewSet: two values have the key \"a!#$%&'*+-.^_`|~09zAZ\": give each its own",
		func() { glswire.NewSet(a, a) })
	assert.PanicsWithValue(t, `glswire.NewSet: the keys "X" and "x" differ in case alone: give each its own`, func() {
		glswire.NewSet(glswire.Value("X", s, codec), glswire.Value("x", s, codec))
	})
	assert.PanicsWithValue(t, "glswire.NewSet: zero Wire: make it with glswire.Value",
		func() { glswire.NewSet(a, glswire.Wire{}) })
}

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{"", "1", "-1", `{"a":1}`, "\xff", "::1"} {
		f.Add(seed)
	}
	set := glswire.NewSet(
		glswire.Value("i", gls.New[int16](""), glswire.Int[int16]()),
		glswire.Value("s", gls.New[string](""), glswire.String[string]()),
		glswire.Value("a", gls.New[netip.Addr](""), glswire.Text[netip.Addr]()),
		glswire.Value("j", gls.New[map[string]any](""), glswire.JSON[map[string]any]()))
	f.Fuzz(func(t *testing.T, text string) {
		errs := 0
		got := set.Decode(func(string) (string, bool) { return text, true }, func(error) { errs++ })
		assert.Equal(t, 4, errs+len(got))
		if len(got) > 0 {
			gls.Run(func() {
				set.Encode(func(string, string) {}, func(err error) {
					assert.ErrorIs(t, err, glswire.ErrTooLong, "taken, but not sent on")
				})
			}, got...)
		}
	})
}
