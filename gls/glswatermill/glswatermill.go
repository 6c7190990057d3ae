package glswatermill

import (
	"context"
	"log/slog"

	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glslog"
	"github.com/ambient-go/ambient/gls/glswire"
	"github.com/ambient-go/ambient/internal/flow"
)

// A Flow carries values in the metadata of messages. It is immutable, and one serves both ends. The zero Flow carries
// nothing.
type Flow struct {
	values  glswire.Set
	onError func(error)
}

// New returns a Flow that carries these values. It panics as glswire.NewSet does.
func New(values ...glswire.Wire) Flow { return Flow{values: glswire.NewSet(values...)} }

// OnError returns f with report, which is called with a *glswire.Error for each value that could not be sent or was not
// taken. The message goes on without that value. Without OnError nobody is told.
func (f Flow) OnError(report func(error)) Flow {
	f.onError = report
	return f
}

// Publisher returns pub, whose messages carry the values of the flow that publishes them. It panics if pub is nil.
func (f Flow) Publisher(pub message.Publisher) message.Publisher {
	if pub == nil {
		panic("glswatermill.Flow.Publisher: nil publisher")
	}
	return publisher{pub, f}
}

// PublisherDecorator is Publisher, for message.Router.AddPublisherDecorators.
func (f Flow) PublisherDecorator(pub message.Publisher) (message.Publisher, error) {
	return f.Publisher(pub), nil
}

type publisher struct {
	message.Publisher

	flow Flow
}

func (p publisher) Publish(topic string, messages ...*message.Message) error {
	return p.Publisher.Publish(topic, p.flow.marked(messages)...)
}

// marked returns messages with the values of the flow that each belongs to. The caller's are not changed: they may be
// somebody else's, or be published again.
func (f Flow) marked(messages []*message.Message) []*message.Message {
	if len(messages) == 0 {
		return messages
	}
	marked := make([]*message.Message, len(messages))
	for i, m := range messages {
		marked[i] = m
		flow.Of(m.Context()).Run(func() {
			f.values.Encode(func(key, text string) {
				if _, explicit := m.Metadata[key]; explicit {
					return
				}
				if marked[i] == m {
					marked[i] = m.CopyWithContext()
				}
				marked[i].Metadata.Set(key, text)
			}, f.onError)
		})
	}
	return marked
}

// Middleware returns next as the consumer of messages, for message.Router.AddMiddleware: each runs in a frame of its own.
// Add it before others that call next in the flow of a message. It panics if next is nil.
func (f Flow) Middleware(next message.HandlerFunc) message.HandlerFunc {
	if next == nil {
		panic("glswatermill.Flow.Middleware: nil handler")
	}
	return func(m *message.Message) (produced []*message.Message, err error) {
		get := func(key string) (string, bool) { text, ok := m.Metadata[key]; return text, ok }
		bindings := append(f.values.Decode(get, f.onError), messageID.With(m.UUID), glslog.With(attrs(m)...))
		flow.Consume(m.Context(), func(ctx context.Context) {
			m.SetContext(ctx)
			produced, err = next(m)
			produced = f.marked(produced) // the router publishes them when this has returned
		}, bindings...)
		return produced, err
	}
}

// attrs are what stands on the log lines of a message.
func attrs(m *message.Message) []slog.Attr {
	a := append(make([]slog.Attr, 0, 2), slog.String("message_id", m.UUID))
	if topic := message.SubscribeTopicFromCtx(m.Context()); topic != "" {
		a = append(a, slog.String("topic", topic))
	}
	return a
}

var messageID = gls.New[string]("glswatermill")

// MessageID returns the UUID of the message that is being consumed and true, or "" and false outside of a consumer. A
// goroutine that outlives the message keeps it.
func MessageID() (string, bool) { return messageID.Get() }
