package adaptertest

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glslog"
	"github.com/ambient-go/ambient/httpctx"
)

// Lines checks a logger that shows the attributes of flows and requests. Calls requests at once,
// each with an identity of its own, log in all ways while they are served and after. Each of the
// loggers writes one line of JSON to out with the message under "message" and want under "want".
func Lines(t *testing.T, logger func(out io.Writer) []func(message, want string)) {
	Build(t)
	var out lockedBuffer
	logs := logger(&out)
	l := &lines{over: make(chan struct{}), log: func(message, want string) {
		for _, log := range logs {
			log(message, want)
		}
	}}
	Requests(t, httpctx.Middleware, l.serve)
	close(l.over)
	l.late.Wait()
	l.log("outside", "")

	var tally Tally
	for line := range bytes.Lines(out.Bytes()) {
		tally.line(t, line)
	}
	during, late := 6*Calls*len(logs), 2*Calls*len(logs)
	tally.Verify(t, 4*during, 4*late)
	assert.Equal(t, during+late+len(logs), bytes.Count(out.Bytes(), []byte("\n")))
}

type lines struct {
	log  func(message, want string)
	late sync.WaitGroup
	over chan struct{} // closed when all requests are over
}

func (l *lines) serve(_ *http.Request, want string) {
	httpctx.AddLogAttrs(slog.String("user", "nobody"))
	glslog.Run(func() {
		httpctx.AddLogAttrs(slog.String("user", want))
		l.log("during", want)
		l.log("during", want)
		var group gls.WaitGroup
		group.Go(func() { l.log("during", want) })
		glslog.Run(func() { l.log("during", want) }, slog.String("flow", want), slog.Int("more", 1))
		gls.Bind(func() { l.log("during", want) })()
		group.Wait()
		l.log("during", want)
		l.late.Add(2)
		late := func() {
			defer l.late.Done()
			<-l.over
			l.log("late", want)
		}
		gls.Go(late)
		go late()
	}, slog.String("flow", want), slog.Any("group", slog.GroupValue(slog.Any("in", valuer(want)))))
}

// A valuer is an attribute whose LogValue is called for each line.
type valuer string

func (v valuer) LogValue() slog.Value { return slog.StringValue(string(v)) }

// line counts the attributes of one line.
func (t *Tally) line(tb testing.TB, text []byte) {
	var line map[string]any
	require.NoError(tb, json.Unmarshal(text, &line), "%s", text)
	message, want := line["message"], line["want"].(string)
	group, _ := line["group"].(map[string]any)
	for key, got := range map[string]any{
		"request_id": line["request_id"], "user": line["user"], "flow": line["flow"], "group": group["in"],
	} {
		text, ok := got.(string)
		switch {
		case message == "during":
			t.During(key, want, text, ok)
		case message == "late" && (key == "flow" || key == "group"):
			t.After(key, want, text, ok)
		default: // the request is over, or there is none
			assert.Nil(tb, got, "%s %s", message, key)
			t.After(key, want, text, ok)
		}
	}
}

type lockedBuffer struct {
	mu sync.Mutex // guards the embedded value
	bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}
