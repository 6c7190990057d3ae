package glsdebug_test

import (
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glsdebug"
	"github.com/ambient-go/ambient/httpctx"
	"github.com/ambient-go/ambient/internal/goroutine"
)

// A logs is a value that logs what its function returns.
type logs func() slog.Value

func (l logs) LogValue() slog.Value { return l() }

var logged = gls.New[slog.LogValuer]("logged")

// shownOf returns what the page shows of a value, and why if it does not.
func shownOf(t *testing.T, value slog.LogValuer) (any, string) {
	t.Helper()
	h := newHolding(t)
	go logged.Run(value, h.hold)
	id := <-h.ids
	all := ask(t, "").find(t, id).Storages // with what it inherited, where goroutines inherit
	s := all[len(all)-1]
	return s.Value, s.NotShown
}

type secret struct{ Password string }

func (s secret) String() string               { return s.Password }
func (s secret) MarshalText() ([]byte, error) { return []byte(s.Password), nil }
func (s secret) Error() string                { return s.Password }

type level string

func TestWhatAValueShows(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)
	hunter := secret{"hunter2"}
	loop := logs(nil)
	loop = func() slog.Value { return slog.AnyValue(loop) }
	nest := logs(nil)
	nest = func() slog.Value { return slog.GroupValue(slog.Any("a", nest), slog.Any("b", nest)) }
	tests := []struct {
		name  string
		value slog.Value
		want  any
	}{
		{"string", slog.StringValue("red"), "red"},
		{"invalid UTF-8", slog.StringValue("a\xffb"), "a\uFFFDb"},
		{"long string", slog.StringValue(strings.Repeat("é", 500)), strings.Repeat("é", 150) + "…"},
		{"int", slog.IntValue(-7), -7.0},
		{"uint", slog.Uint64Value(7), 7.0},
		{"bool", slog.BoolValue(true), true},
		{"float", slog.Float64Value(1.5), 1.5},
		{"NaN, which JSON has not", slog.Float64Value(math.NaN()), "NaN"},
		{"duration", slog.DurationValue(time.Second), "1s"},
		{"time", slog.TimeValue(at), "2026-01-02T03:04:05.000000006Z"},
		{"group", slog.GroupValue(slog.Int("id", 1), slog.Group("in", "k", "v")),
			map[string]any{"id": 1.0, "in": map[string]any{"k": "v"}}},
		{"a LogValuer in a group", slog.GroupValue(slog.Any("u", logs(func() slog.Value { return slog.IntValue(3) }))),
			map[string]any{"u": 3.0}},
		{"a named string", slog.AnyValue(level("info")), "info"},
		{"nil", slog.AnyValue(nil), nil},
		{"another struct, which does not log itself", slog.AnyValue(hunter), "(glsdebug_test.secret)"},
		{"the same in a group", slog.GroupValue(slog.Any("s", &hunter)), map[string]any{"s": "(*glsdebug_test.secret)"}},
		{"bytes", slog.AnyValue([]byte("hunter2")), "([]uint8)"},
		{"itself", slog.AnyValue(loop), "(glsdebug_test.logs)"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, why := shownOf(t, logs(func() slog.Value { return test.value }))
			assert.Equal(t, test.want, got)
			assert.Empty(t, why)
		})
	}
	got, _ := shownOf(t, nest)
	assert.Less(t, len(fmt.Sprint(got)), 10_000, "groups without end")
}

// What does not log itself is nowhere on the page, whatever other methods it has.
func TestNothingElseLeaks(t *testing.T) {
	value := gls.New[secret]("value")
	pointer := gls.New[*secret]("pointer")
	inside := gls.New[map[string]any]("inside")
	failed := gls.New[error]("error")
	h := newHolding(t)
	go gls.Run(h.hold, value.With(secret{"hunter2"}), pointer.With(&secret{"hunter2"}), color.With("hunter2"),
		inside.With(map[string]any{"hunter2": "hunter2"}), failed.With(secret{"hunter2"}))
	id := <-h.ids
	handler := glsdebug.Handler(glsdebug.WithValues())
	for _, query := range []string{"", "?format=json", fmt.Sprint("?stack=", id), fmt.Sprint("?format=json&stack=", id)} {
		status, body, _ := get(t, handler, query)
		assert.Equal(t, http.StatusOK, status)
		assert.NotContains(t, body, "hunter2", query)
	}
	_, body, _ := get(t, handler, "")
	assert.Contains(t, body, "*glsdebug_test.secret")
	assert.Empty(t, ask(t, "&q=hunter2").Goroutines, "nor is it found")
}

// By default nobody's LogValue is called but that of httpctx.Context: it might read what its own goroutine writes.
func TestOnlyRequestsAreAskedByDefault(t *testing.T) {
	var calls atomic.Int32
	counts := map[int]int{}
	value := logs(func() slog.Value {
		calls.Add(1)
		return slog.IntValue(len(fmt.Sprint(counts))) // which ends the program while counts is written
	})
	stop, done, ids := make(chan struct{}), make(chan struct{}), make(chan uint64)
	go func() {
		defer close(done)
		httpctx.Run(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/counting", http.NoBody), func() {
			member.Set(httpctx.GetOrFail(), value)
			logged.Run(value, func() {
				ids <- goroutine.ID()
				for i := 0; ; i++ {
					select {
					case <-stop:
						return
					default:
						counts[i%100]++
					}
				}
			})
		})
	}()
	id := <-ids
	h := glsdebug.Handler()
	for range 50 {
		status, body, _ := get(t, h, fmt.Sprint("?format=json&q=", id))
		require.Equal(t, http.StatusOK, status)
		assert.Contains(t, body, `{"name":"logged","type":"slog.LogValuer"}`)
		assert.Contains(t, body, `"keys":[{"name":"member","type":"slog.LogValuer"}]`)
		assert.Contains(t, body, `"path":"/counting"`, "a request is asked")
		_, body, _ = get(t, h, fmt.Sprint("?q=", id))
		assert.Contains(t, body, "glsdebug.WithValues shows")
	}
	close(stop)
	<-done
	assert.Zero(t, calls.Load())
}

// A type with the methods of a request is none by default.
func TestOthersAreNoRequestsByDefault(t *testing.T) {
	h := newHolding(t)
	go logged.Run(pretender{}, h.hold)
	id := <-h.ids
	_, body, _ := get(t, glsdebug.Handler(), fmt.Sprint("?format=json&q=", id))
	assert.NotContains(t, body, "hunter2")
}

type pretender struct{}

func (pretender) ID() string           { return "hunter2" }
func (pretender) Start() time.Time     { return time.Time{} }
func (pretender) Finished() bool       { return false }
func (pretender) LogValue() slog.Value { return slog.StringValue("hunter2") }

// Each way for a LogValue to misbehave spoils its own cell alone.
func TestLogValueMisbehaves(t *testing.T) {
	var none *panics
	for _, test := range []struct {
		value slog.LogValuer
		want  string
	}{
		{none, "panicked"},
		{logs(func() slog.Value { panic("hunter2") }), "LogValue panicked (string)"},
		{logs(func() slog.Value { runtime.Goexit(); return slog.Value{} }), "LogValue called runtime.Goexit"},
		{logs(func() slog.Value { return slog.GroupValue(slog.Any("x", none)) }), "panicked"},
	} {
		got, why := shownOf(t, test.value)
		assert.Contains(t, why, test.want)
		assert.Nil(t, got)
	}
	got, why := shownOf(t, logs(func() slog.Value { return slog.StringValue("fine") }))
	assert.Equal(t, "fine", got)
	assert.Empty(t, why)
}

type panics struct{ value slog.Value }

func (p *panics) LogValue() slog.Value { return p.value }

// hangs is a type whose LogValue waits.
type hangs struct {
	calls   *atomic.Int32
	release chan struct{}
}

func (h hangs) LogValue() slog.Value {
	h.calls.Add(1)
	<-h.release
	return slog.StringValue("at last")
}

// A LogValue that hangs is left behind, once: nobody is asked of that type until it returns.
func TestLogValueHangs(t *testing.T) {
	value := hangs{new(atomic.Int32), make(chan struct{})}
	h := newHolding(t)
	var ids []uint64
	for range 100 {
		go logged.Run(value, h.hold)
		ids = append(ids, <-h.ids)
	}
	go logged.Run(logs(func() slog.Value { return slog.StringValue("fine") }), h.hold)
	fine := <-h.ids
	for range 3 {
		began := time.Now()
		a := ask(t, "")
		assert.Less(t, time.Since(began), 20*time.Second, "it does not wait for the value")
		for _, id := range ids {
			assert.Contains(t, a.find(t, id).Storages[0].NotShown, "LogValue")
		}
		assert.Equal(t, "fine", a.find(t, fine).Storages[0].Value)
	}
	assert.Equal(t, int32(1), value.calls.Load())
	close(value.release)
	require.Eventually(t, func() bool {
		return ask(t, "").find(t, ids[99]).Storages[0].Value == "at last"
	}, 10*time.Second, time.Millisecond)
}

// tardy is a type of its own: of others no call is left behind.
type tardy struct{}

func (tardy) LogValue() slog.Value {
	time.Sleep(8 * time.Millisecond)
	return slog.StringValue("slow")
}

// Many that are slow, each within its bounds, do not add up.
func TestLogValuesAreSlowTogether(t *testing.T) {
	defer glsdebug.ReadFor(time.Minute, 300*time.Millisecond)()
	h := newHolding(t)
	for range 60 {
		go logged.Run(tardy{}, h.hold)
		<-h.ids
	}
	assert.Eventually(t, func() bool { // a busy machine may stand still before the first value is read
		began := time.Now()
		a := ask(t, "")
		assert.Less(t, time.Since(began), 20*time.Second, "it does not wait for the value")
		shown, not := 0, 0
		for _, r := range a.Goroutines {
			switch {
			case r.Storages[0].Value == "slow":
				shown++
			case strings.Contains(r.Storages[0].NotShown, "took too long"):
				not++
			}
		}
		assert.Positive(t, not)
		return shown > 0
	}, time.Minute, time.Millisecond)
}

// LogValue runs where nothing is set: it sees nothing of whoever looks.
func TestLogValueRunsInNobodysFrame(t *testing.T) {
	color.Run("red", func() {
		seen, _ := shownOf(t, logs(func() slog.Value {
			_, ok := color.Get()
			return slog.BoolValue(ok)
		}))
		assert.Equal(t, false, seen)
	})
}
