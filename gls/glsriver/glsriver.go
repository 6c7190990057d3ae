package glsriver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"strings"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glslog"
	"github.com/ambient-go/ambient/gls/glswire"
	"github.com/ambient-go/ambient/internal/flow"
)

// Member is the member of a job's metadata that has the values, an object.
const Member = "ambient"

// ErrNUL says that a text has a character U+0000, which no metadata in PostgreSQL can have.
var ErrNUL = errors.New("the text has a character U+0000")

// A Flow carries values in the metadata of jobs. It is immutable, and one serves both ends. The zero Flow carries
// nothing.
type Flow struct {
	values  glswire.Set
	onError func(error)
}

// New returns a Flow that carries these values. It panics as glswire.NewSet does.
func New(values ...glswire.Wire) Flow { return Flow{values: glswire.NewSet(values...)} }

// OnError returns f with report, which is called with an error for each value that could not be sent or was not taken.
// The job goes on without that value. Without OnError nobody is told.
func (f Flow) OnError(report func(error)) Flow {
	f.onError = report
	return f
}

// Middleware returns the middleware for river.Config.Middleware, of inserting and of working. Put it before others that
// are to run in the flow of a job.
func (f Flow) Middleware() rivertype.Middleware { return &middleware{flow: f} }

type middleware struct {
	river.MiddlewareDefaults

	flow Flow
}

var _ interface {
	rivertype.JobInsertMiddleware
	rivertype.WorkerMiddleware
} = (*middleware)(nil)

// InsertMany gives each job the values of the flow that inserts it.
func (m *middleware) InsertMany(ctx context.Context, jobs []*rivertype.JobInsertParams,
	next func(context.Context) ([]*rivertype.JobInsertResult, error),
) ([]*rivertype.JobInsertResult, error) {
	values := make(map[string]json.RawMessage)
	flow.Of(ctx).Run(func() {
		m.flow.values.Encode(func(key, text string) {
			if strings.ContainsRune(text, 0) {
				m.flow.report(&glswire.Error{Key: key, Sending: true, Err: ErrNUL})
				return
			}
			values[key], _ = json.Marshal(text) // a string in UTF-8 has no error
		}, m.flow.onError)
	})
	for _, job := range jobs {
		if len(values) == 0 {
			break
		}
		metadata, err := merged(job.Metadata, values)
		if err != nil {
			m.flow.report(fmt.Errorf("glsriver: a job of kind %q is inserted without its values: %w", job.Kind, err))
			continue
		}
		job.Metadata = metadata
	}
	return next(ctx)
}

// merged returns metadata with the values. A value that is there already wins.
func merged(metadata []byte, values map[string]json.RawMessage) ([]byte, error) {
	outer, inner, err := parse(metadata)
	if err != nil {
		return nil, err
	}
	all := maps.Clone(values)
	maps.Copy(all, inner)
	if outer[Member], err = json.Marshal(all); err != nil {
		return nil, err
	}
	return json.Marshal(outer)
}

// parse returns the members of metadata, and those of its Member.
func parse(metadata []byte) (outer, inner map[string]json.RawMessage, err error) {
	if len(metadata) > 0 {
		if err := json.Unmarshal(metadata, &outer); err != nil {
			return nil, nil, fmt.Errorf("the metadata is no JSON object: %w", err)
		}
	}
	if member, ok := outer[Member]; ok {
		if err := json.Unmarshal(member, &inner); err != nil {
			return nil, nil, fmt.Errorf("%q in the metadata is no JSON object: %w", Member, err)
		}
	}
	if outer == nil {
		outer = make(map[string]json.RawMessage)
	}
	return outer, inner, nil
}

// Work calls next in a frame of the job's own.
func (m *middleware) Work(ctx context.Context, job *rivertype.JobRow, next func(context.Context) error) (err error) {
	m.flow.consume(ctx, job, func(ctx context.Context) { err = next(ctx) })
	return err
}

// ErrorHandler returns next, for river.Config.ErrorHandler, called in the flow of the job that has failed. That is outside
// of all middleware. It panics if next is nil.
func (f Flow) ErrorHandler(next river.ErrorHandler) river.ErrorHandler {
	if next == nil {
		panic("glsriver.Flow.ErrorHandler: nil handler")
	}
	return &errorHandler{f, next}
}

type errorHandler struct {
	flow Flow
	next river.ErrorHandler
}

// HandleError calls that of next in a frame of the job's own.
func (h *errorHandler) HandleError(ctx context.Context, job *rivertype.JobRow, failure error,
) (result *river.ErrorHandlerResult) {
	h.flow.consume(ctx, job, func(ctx context.Context) { result = h.next.HandleError(ctx, job, failure) })
	return result
}

// HandlePanic calls that of next in a frame of the job's own.
func (h *errorHandler) HandlePanic(ctx context.Context, job *rivertype.JobRow, p any, trace string,
) (result *river.ErrorHandlerResult) {
	h.flow.consume(ctx, job, func(ctx context.Context) { result = h.next.HandlePanic(ctx, job, p, trace) })
	return result
}

// consume calls fn in a frame with what the job brings.
func (f Flow) consume(ctx context.Context, job *rivertype.JobRow, fn func(ctx context.Context)) {
	_, values, err := parse(job.Metadata)
	if err != nil {
		f.report(fmt.Errorf("glsriver: job %d is worked without its values: %w", job.ID, err))
	}
	get := func(key string) (text string, ok bool) {
		value, ok := values[key]
		if !ok {
			return "", false
		}
		var found *string // null would be read as an empty text
		if err := json.Unmarshal(value, &found); err != nil || found == nil {
			f.report(&glswire.Error{Key: key, Err: errNoText})
			return "", false
		}
		return *found, true
	}
	flow.Consume(ctx, fn, append(f.values.Decode(get, f.onError), jobID.With(job.ID), glslog.With(
		slog.Int64("job_id", job.ID), slog.String("job_kind", job.Kind), slog.String("queue", job.Queue)))...)
}

var errNoText = errors.New("the value is no text")

func (f Flow) report(err error) {
	if f.onError != nil {
		f.onError(err)
	}
}

var jobID = gls.New[int64]("glsriver")

// JobID returns the id of the job that is being worked and true, or 0 and false outside of one. A goroutine that outlives
// the job keeps it.
func JobID() (int64, bool) { return jobID.Get() }
