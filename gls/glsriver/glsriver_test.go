package glsriver_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"runtime"
	"strings"
	"testing"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glslog"
	"github.com/ambient-go/ambient/gls/glsriver"
	"github.com/ambient-go/ambient/gls/glswire"
)

// insert calls f's middleware for one job with this metadata, and returns what it has become.
func insert(ctx context.Context, t testing.TB, f glsriver.Flow, metadata string) string {
	given := []byte(metadata)
	job := &rivertype.JobInsertParams{Kind: "greet", Metadata: given}
	called := 0
	_, err := f.Middleware().(rivertype.JobInsertMiddleware).InsertMany(ctx, []*rivertype.JobInsertParams{job},
		func(inner context.Context) ([]*rivertype.JobInsertResult, error) {
			called++
			assert.Equal(t, ctx, inner)
			return nil, nil
		})
	require.NoError(t, err)
	assert.Equal(t, 1, called)
	assert.Equal(t, metadata, string(given), "the caller's bytes are his")
	return string(job.Metadata)
}

// work calls f's middleware for one job with this metadata.
func work(f glsriver.Flow, metadata string, fn func(ctx context.Context) error) error {
	job := &rivertype.JobRow{ID: 7, Kind: "greet", Metadata: []byte(metadata)}
	return f.Middleware().(rivertype.WorkerMiddleware).Work(context.Background(), job, fn)
}

func TestAJobCarriesWhatIsSetAndNamed(t *testing.T) {
	f := flow.OnError(failOnError(t))
	gls.Run(func() {
		assert.JSONEq(t, `{"ambient":{"tenant":"acme","attempt":"2"}}`, insert(t.Context(), t, f, `{}`))
		assert.JSONEq(t, `{"ambient":{"tenant":"acme","attempt":"2"}}`, insert(t.Context(), t, f, ``))
		assert.JSONEq(t, `{"ambient":{"tenant":"acme","attempt":"2"},"n":12345678901234567890,"tenant":1}`,
			insert(t.Context(), t, f, `{"n":12345678901234567890,"tenant":1}`))
		assert.JSONEq(t, `{"ambient":{"tenant":"explicit","attempt":"2","other":1}}`,
			insert(t.Context(), t, f, `{"ambient":{"tenant":"explicit","other":1}}`))
	}, tenant.With("acme"), attempt.With(2), private.With("secret"))
	assert.Equal(t, `{"n": 1}`, insert(t.Context(), t, f, `{"n": 1}`), "nothing set")

	ctx := gls.NewContext(t.Context(), gls.Snapshot{}.With(tenant.With("of ctx")))
	tenant.Run("in force", func() {
		assert.JSONEq(t, `{"ambient":{"tenant":"of ctx"}}`, insert(ctx, t, f, `{}`))
	})
	gls.Resume(ctx, func() {
		tenant.Run("newer", func() { assert.JSONEq(t, `{"ambient":{"tenant":"newer"}}`, insert(ctx, t, f, `{}`)) })
	})
}

func TestWhatCannotTravelIsDroppedAndReported(t *testing.T) {
	var errs []error
	f := flow.OnError(func(err error) { errs = append(errs, err) })
	long := strings.Repeat("x", glswire.MaxLen+1)
	for name, c := range map[string]struct{ value, metadata, want string }{
		"too long":          {long, `{}`, "more than 8192 bytes"},
		"U+0000":            {"a\x00b", `{}`, `glswire: "tenant" is not sent: the text has a character U+0000`},
		"no object":         {"acme", `[]`, `glsriver: a job of kind "greet" is inserted without its values: the metadata`},
		"another's member":  {"acme", `{"ambient":1}`, `"ambient" in the metadata is no JSON object`},
		"metadata not JSON": {"acme", `{`, "is inserted without its values"},
	} {
		t.Run(name, func(t *testing.T) {
			errs = nil
			tenant.Run(c.value, func() {
				assert.Equal(t, c.metadata, insert(t.Context(), t, f, c.metadata))
				assert.Equal(t, c.metadata, insert(t.Context(), t, flow, c.metadata))
			})
			require.Len(t, errs, 1)
			assert.ErrorContains(t, errs[0], c.want)
		})
	}
	for name, c := range map[string]struct{ metadata, want string }{
		"too long":         {`{"ambient":{"tenant":"` + long + `"}}`, "more than 8192 bytes"},
		"not a string":     {`{"ambient":{"tenant":{}}}`, `glswire: "tenant" is not taken from what came in`},
		"null":             {`{"ambient":{"tenant":null}}`, `glswire: "tenant" is not taken from what came in`},
		"not a number":     {`{"ambient":{"attempt":"many"}}`, `"attempt" is not taken`},
		"another's member": {`{"ambient":1}`, `glsriver: job 7 is worked without its values: "ambient" in the metadata`},
		"no object":        {`[]`, "job 7 is worked without its values"},
	} {
		t.Run("working, "+name, func(t *testing.T) {
			errs = nil
			worked := 0
			for _, f := range []glsriver.Flow{f, flow} {
				require.NoError(t, work(f, c.metadata, func(context.Context) error {
					worked++
					assert.Equal(t, []bool{false, false}, []bool{set(tenant), set(attempt)})
					return nil
				}))
			}
			assert.Equal(t, 2, worked)
			require.Len(t, errs, 1)
			assert.ErrorContains(t, errs[0], c.want)
		})
	}
}

func TestAWorkerRunsInAFrameOfItsOwn(t *testing.T) {
	var lines bytes.Buffer
	log := slog.New(glslog.Handler(slog.NewJSONHandler(&lines, nil)))
	done := make(chan struct{})
	// A client's context serves all jobs. What it carries is none of theirs.
	ctx := gls.NewContext(context.Background(), gls.Snapshot{}.With(attempt.With(7), private.With("client's")))
	c := start(ctx, t, with(flow.OnError(failOnError(t))), func(ctx context.Context, job *river.Job[args]) error {
		defer close(done)
		assert.Equal(t, "acme", tenant.GetOrFail())
		assert.Equal(t, []bool{false, false}, []bool{set(attempt), set(private)})
		id, ok := glsriver.JobID()
		assert.True(t, ok)
		assert.Equal(t, job.ID, id)
		gls.Isolate(func() {
			gls.Resume(ctx, func() { assert.Equal(t, "acme", tenant.GetOrFail()) })
		})
		log.Info("worked")
		return nil
	})
	tenant.Run("acme", func() {
		_, err := c.Insert(context.Background(), args{"ada"}, &river.InsertOpts{Metadata: []byte(`{"n":1}`)})
		require.NoError(t, err)
	})
	<-done
	var line map[string]any
	require.NoError(t, json.Unmarshal(lines.Bytes(), &line))
	assert.Equal(t, []any{1.0, "greet", "default"}, []any{line["job_id"], line["job_kind"], line["queue"]})
	_, ok := glsriver.JobID()
	assert.False(t, ok)
}

func TestTheAmbientContextIsTheMiddlewares(t *testing.T) {
	require.NoError(t, work(flow, `{}`, func(ctx context.Context) error {
		assert.Equal(t, ctx, gls.Context())
		return nil
	}))
}

func TestJobsOfJobsAndBatchesAndTransactionsCarryTheValues(t *testing.T) {
	seen := make(chan string, 10)
	var c *client
	ready := make(chan struct{})
	c = start(context.Background(), t, with(flow.OnError(failOnError(t))), func(ctx context.Context, job *river.Job[args]) error {
		<-ready
		name, _ := tenant.Get()
		if job.Args.Name == "parent" {
			_, err := c.Insert(ctx, args{"child"}, nil)
			return err
		}
		seen <- job.Args.Name + " of " + name
		return nil
	})
	close(ready)
	tenant.Run("acme", func() {
		_, err := c.Insert(context.Background(), args{"parent"}, nil)
		require.NoError(t, err)
		_, err = c.InsertMany(context.Background(), []river.InsertManyParams{{Args: args{"a"}}, {Args: args{"b"}}})
		require.NoError(t, err)
	})
	got := []string{<-seen, <-seen, <-seen}
	assert.ElementsMatch(t, []string{"child of acme", "a of acme", "b of acme"}, got)
}

func TestNothingStaysHoweverAWorkerEnds(t *testing.T) {
	failed := errors.New("failed")
	for name, end := range map[string]func() error{
		"error": func() error { return failed }, "panic": func() error { panic("in the worker") },
		"Goexit": func() error { runtime.Goexit(); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			done := make(chan any)
			var late gls.Snapshot
			go func() {
				defer func() {
					p := recover()
					assert.Equal(t, gls.Snapshot{}, gls.Capture())
					done <- p
				}()
				assert.Equal(t, failed, work(flow, `{}`, func(context.Context) error {
					late = gls.Capture()
					tenant.Enter("entered and never left")
					return end()
				}))
			}()
			if p := <-done; name == "panic" {
				assert.Equal(t, "in the worker", p)
			}
			late.Run(func() {
				id, _ := glsriver.JobID()
				assert.EqualValues(t, 7, id)
				assert.Equal(t, context.Background(), gls.Context())
			})
		})
	}
}

func TestMistakesPanicAtTheCall(t *testing.T) {
	assert.PanicsWithValue(t, "glsriver.Flow.ErrorHandler: nil handler", func() { flow.ErrorHandler(nil) })
	assert.Panics(t, func() { glsriver.New(glswire.Wire{}) })
	var zero glsriver.Flow
	tenant.Run("acme", func() { assert.Equal(t, `{}`, insert(t.Context(), t, zero, `{}`)) })
}
