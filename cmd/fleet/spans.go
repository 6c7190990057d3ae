package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/ambient-go/ambient/gls"
)

// A span is a line in a process's file. The process writes it when the span begins, so that a crash
// leaves it behind, and again when it ends.
type span struct {
	Service string    `json:"service"`
	Name    string    `json:"name"`
	Kind    string    `json:"kind"`
	Trace   string    `json:"trace_id"`
	ID      string    `json:"span_id"`
	Parent  string    `json:"parent,omitempty"`
	Start   time.Time `json:"start"`
	End     time.Time `json:"end,omitzero"`
	Tenant  string    `json:"tenant,omitempty"`
	User    int64     `json:"user,omitempty"`
	Request string    `json:"request,omitempty"`
}

// A recorder writes the spans of a process.
type recorder struct {
	service string
	out     io.Writer // one line per Write, from any goroutine
}

var _ sdktrace.SpanProcessor = (*recorder)(nil)

// OnStart adds the identity to a span: that of the current flow, or that in ctx if a library starts
// the span for an incoming message.
func (r *recorder) OnStart(ctx context.Context, s sdktrace.ReadWriteSpan) {
	attributes := identity()
	if attributes == nil {
		gls.Resume(ctx, func() { attributes = identity() })
	}
	s.SetAttributes(attributes...)
	r.write(s)
}

// OnEnd writes the span again.
func (r *recorder) OnEnd(s sdktrace.ReadOnlySpan) { r.write(s) }

// Shutdown does nothing: there is no buffer.
func (r *recorder) Shutdown(context.Context) error { return nil }

// ForceFlush does nothing: there is no buffer.
func (r *recorder) ForceFlush(context.Context) error { return nil }

func (r *recorder) write(s sdktrace.ReadOnlySpan) {
	line := span{
		Service: r.service, Name: s.Name(), Kind: s.SpanKind().String(), Trace: s.SpanContext().TraceID().String(),
		ID: s.SpanContext().SpanID().String(), Start: s.StartTime(), End: s.EndTime(),
	}
	if s.Parent().IsValid() {
		line.Parent = s.Parent().SpanID().String()
	}
	for _, a := range s.Attributes() {
		switch a.Key {
		case "tenant":
			line.Tenant = a.Value.AsString()
		case "user":
			line.User = a.Value.AsInt64()
		case "request":
			line.Request = a.Value.AsString()
		}
	}
	text, err := json.Marshal(line)
	if err == nil {
		_, err = r.out.Write(append(text, '\n'))
	}
	if err != nil {
		panic(err) // a full disk, say: the test would prove nothing
	}
}

// files has the files of a process. A process that replaces a killed one has its own.
type files struct{ lines, spans *os.File }

func openFiles(dir, role string) (f files, err error) {
	name := filepath.Join(dir, fmt.Sprint(role, "-", os.Getpid()))
	if f.lines, err = os.Create(name + ".log"); err != nil {
		return f, err
	}
	f.spans, err = os.Create(name + ".spans")
	return f, err
}

func (f files) close() { _, _ = f.lines.Close(), f.spans.Close() }

// readLines returns the lines of the directory's files with this ending. It leaves out an
// incomplete last line, which a killed process may have written.
func readLines(dir, ending string) (lines [][]byte, err error) {
	names, err := filepath.Glob(filepath.Join(dir, "*"+ending))
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		all := bytes.Split(text, []byte("\n"))
		lines = append(lines, all[:len(all)-1]...)
	}
	return lines, err
}

// readSpans returns the spans of all processes, each once. A span without an end was interrupted.
func readSpans(dir string) ([]span, error) {
	lines, err := readLines(dir, ".spans")
	if err != nil {
		return nil, err
	}
	var all []span
	known := make(map[string]int) // index in all, by trace and id
	for _, line := range lines {
		var s span
		if err := json.Unmarshal(line, &s); err != nil {
			return nil, fmt.Errorf("%s: %w", line, err)
		}
		if i, again := known[s.Trace+s.ID]; again {
			all[i] = s
		} else {
			known[s.Trace+s.ID] = len(all)
			all = append(all, s)
		}
	}
	return all, nil
}

// byTrace returns the spans of each trace in the order in which they began.
func byTrace(all []span) map[string][]span {
	traces := make(map[string][]span)
	for _, s := range all {
		traces[s.Trace] = append(traces[s.Trace], s)
	}
	for _, spans := range traces {
		slices.SortStableFunc(spans, func(a, b span) int {
			return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(a.ID, b.ID))
		})
	}
	return traces
}

// bounds returns when a trace began and ended.
func bounds(spans []span) (from, to time.Time) {
	from = spans[0].Start
	for _, s := range spans {
		if s.End.After(to) {
			to = s.End
		}
	}
	return from, to
}

func length(spans []span) time.Duration {
	from, to := bounds(spans)
	return to.Sub(from)
}
