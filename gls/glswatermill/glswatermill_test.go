package glswatermill_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill/components/forwarder"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/message/router/middleware"
	"github.com/ThreeDotsLabs/watermill/pubsub/gochannel"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glslog"
	"github.com/ambient-go/ambient/gls/glswatermill"
	"github.com/ambient-go/ambient/gls/glswire"
	"github.com/ambient-go/ambient/internal/adaptertest"
)

var (
	tenant  = gls.New[string]("tenant")
	attempt = gls.New[int]("attempt")
	private = gls.New[string]("private") // does not travel
)

var flow = glswatermill.New(
	glswire.Value("tenant", tenant, glswire.String[string]()),
	glswire.Value("attempt", attempt, glswire.Int[int]()))

// failOnError is for tests in which nothing is dropped.
func failOnError(t testing.TB) func(error) { return func(err error) { assert.NoError(t, err) } }

// A recorder is a publisher that keeps what it is given.
type recorder struct {
	mu       sync.Mutex
	messages []*message.Message
}

func (r *recorder) Publish(_ string, messages ...*message.Message) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.messages = append(r.messages, messages...)
	return nil
}

func (*recorder) Close() error { return nil }

func (r *recorder) last() *message.Message { return r.messages[len(r.messages)-1] }

func newMessage() *message.Message { return message.NewMessage(watermill.NewUUID(), []byte("payload")) }

// run starts a router and stops it at the end of the test.
func run(t testing.TB, router *message.Router) {
	done := make(chan error)
	go func() { done <- router.Run(context.Background()) }()
	t.Cleanup(func() {
		assert.NoError(t, router.Close())
		assert.NoError(t, <-done)
	})
	<-router.Running()
}

func newRouter(t testing.TB) *message.Router {
	router, err := message.NewRouter(message.RouterConfig{}, watermill.NopLogger{})
	require.NoError(t, err)
	return router
}

func TestAMessageCarriesWhatIsSetAndNamed(t *testing.T) {
	var r recorder
	p := flow.OnError(failOnError(t)).Publisher(&r)
	original := newMessage()
	gls.Run(func() { require.NoError(t, p.Publish("topic", original)) },
		tenant.With("acme"), attempt.With(2), private.With("secret"))
	assert.Equal(t, message.Metadata{"tenant": "acme", "attempt": "2"}, r.last().Metadata)
	assert.Equal(t, original.UUID, r.last().UUID)
	assert.Equal(t, original.Payload, r.last().Payload)

	assert.Empty(t, original.Metadata, "the caller's message is his")
	tenant.Run("other", func() { require.NoError(t, p.Publish("topic", original)) })
	assert.Equal(t, message.Metadata{"tenant": "other"}, r.last().Metadata)
	require.NoError(t, p.Publish("topic", original))
	assert.Same(t, original, r.last())
	require.NoError(t, p.Publish("topic"))

	original.Metadata.Set("tenant", "explicit")
	tenant.Run("other", func() { require.NoError(t, p.Publish("topic", original)) })
	assert.Equal(t, message.Metadata{"tenant": "explicit"}, r.last().Metadata)
}

func TestTheFrameOfAMessagesContextCountsWhereItIsAnother(t *testing.T) {
	var r recorder
	p := flow.Publisher(&r)
	ctx := gls.NewContext(context.Background(), gls.Snapshot{}.With(tenant.With("of ctx")))
	publish := func() string {
		m := message.NewMessageWithContext(ctx, "id", nil)
		require.NoError(t, p.Publish("topic", m))
		assert.Equal(t, ctx, r.last().Context())
		return r.last().Metadata.Get("tenant")
	}
	assert.Equal(t, "of ctx", publish())
	tenant.Run("in force", func() { assert.Equal(t, "of ctx", publish()) })
	gls.Resume(ctx, func() {
		tenant.Run("newer", func() { assert.Equal(t, "newer", publish()) })
	})
}

func TestAHandlerRunsInAFrameOfItsOwn(t *testing.T) {
	var lines bytes.Buffer
	log := slog.New(glslog.Handler(slog.NewJSONHandler(&lines, nil)))
	handle := flow.OnError(failOnError(t)).Middleware(func(m *message.Message) ([]*message.Message, error) {
		assert.Equal(t, "acme", tenant.GetOrFail())
		_, ok := attempt.Get()
		assert.False(t, ok)
		_, ok = private.Get()
		assert.False(t, ok)
		id, ok := glswatermill.MessageID()
		assert.True(t, ok)
		assert.Equal(t, m.UUID, id)
		assert.Equal(t, m.Context(), gls.Context())
		log.Info("consumed")
		gls.Isolate(func() {
			gls.Resume(m.Context(), func() { assert.Equal(t, "acme", tenant.GetOrFail()) })
		})
		tenant.Enter("entered and never left")
		return nil, nil
	})
	m := newMessage()
	m.Metadata.Set("tenant", "acme")
	gls.Run(func() {
		for range 2 { // the second one is a retry outside
			_, err := handle(m)
			require.NoError(t, err)
		}
		assert.Equal(t, "consumer's", tenant.GetOrFail())
	}, tenant.With("consumer's"), private.With("consumer's"), attempt.With(7))
	_, ok := glswatermill.MessageID()
	assert.False(t, ok)
	var line map[string]any
	require.NoError(t, json.Unmarshal([]byte(strings.SplitN(lines.String(), "\n", 2)[0]), &line))
	assert.Equal(t, m.UUID, line["message_id"])
}

func TestWhatDoesNotDecodeIsDroppedAndReported(t *testing.T) {
	var errs []error
	f := flow.OnError(func(err error) { errs = append(errs, err) })
	m := newMessage()
	m.Metadata = message.Metadata{"tenant": strings.Repeat("x", glswire.MaxLen+1), "attempt": "many"}
	consumed := 0
	handler := func(*message.Message) ([]*message.Message, error) {
		consumed++
		assert.Equal(t, []bool{false, false}, []bool{set(tenant), set(attempt)})
		return nil, nil
	}
	_, err := f.Middleware(handler)(m)
	require.NoError(t, err)
	require.Len(t, errs, 2)
	assert.ErrorIs(t, errs[0], glswire.ErrTooLong)
	var e *glswire.Error
	require.ErrorAs(t, errs[1], &e)
	assert.Equal(t, "attempt", e.Key)

	_, err = flow.Middleware(handler)(m)
	require.NoError(t, err)
	assert.Equal(t, 2, consumed)

	var r recorder
	tenant.Run(strings.Repeat("x", glswire.MaxLen+1), func() {
		require.NoError(t, f.Publisher(&r).Publish("topic", newMessage()))
		require.NoError(t, flow.Publisher(&r).Publish("topic", newMessage()))
	})
	assert.Len(t, errs, 3)
	assert.Empty(t, r.last().Metadata)
}

func set[T any](s *gls.Storage[T]) bool { _, ok := s.Get(); return ok }

func TestNothingStaysHoweverAHandlerEnds(t *testing.T) {
	failed := errors.New("failed")
	for name, end := range map[string]func() error{
		"error": func() error { return failed }, "panic": func() error { panic("in the handler") },
		"Goexit": func() error { runtime.Goexit(); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			var late gls.Snapshot
			m := newMessage()
			done := make(chan any)
			go func() {
				defer func() {
					p := recover()
					assert.Equal(t, gls.Snapshot{}, gls.Capture())
					done <- p
				}()
				_, err := flow.Middleware(func(*message.Message) ([]*message.Message, error) {
					late = gls.Capture()
					tenant.Enter("entered and never left")
					return nil, end()
				})(m)
				assert.Equal(t, failed, err)
			}()
			if p := <-done; name == "panic" {
				assert.Equal(t, "in the handler", p)
			}
			late.Run(func() {
				id, _ := glswatermill.MessageID()
				assert.Equal(t, m.UUID, id)
				assert.Equal(t, context.Background(), gls.Context())
			})
		})
	}
}

func TestMistakesPanicAtTheCall(t *testing.T) {
	assert.PanicsWithValue(t, "glswatermill.Flow.Publisher: nil publisher", func() { flow.Publisher(nil) })
	assert.PanicsWithValue(t, "glswatermill.Flow.Middleware: nil handler", func() { flow.Middleware(nil) })
	assert.Panics(t, func() { glswatermill.New(glswire.Wire{}) })
	var zero glswatermill.Flow
	var r recorder
	tenant.Run("acme", func() { require.NoError(t, zero.Publisher(&r).Publish("topic", newMessage())) })
	assert.Empty(t, r.last().Metadata)
}

// Messages go from a request through a handler that returns others, a broker that knows bytes alone, and a forwarder.
func TestValuesTravelThroughAChainOfHandlers(t *testing.T) {
	const n = 200
	broker := gochannel.NewGoChannel(gochannel.Config{}, watermill.NopLogger{})
	router := newRouter(t)
	f := flow.OnError(failOnError(t))
	router.AddMiddleware(f.Middleware)
	router.AddPublisherDecorators(f.PublisherDecorator)
	outbox := f.Publisher(forwarder.NewPublisher(broker, forwarder.PublisherConfig{}))
	static := newMessage() // the same for all: it must not collect anybody's values
	var tally adaptertest.Tally
	var ended sync.WaitGroup
	ended.Add(2 * n)
	check := func(place string, m *message.Message) {
		got, ok := tenant.Get()
		tally.During(place, string(m.Payload), got, ok)
	}
	router.AddHandler("first", "first", broker, "second", broker, func(m *message.Message) ([]*message.Message, error) {
		check("first", m)
		return []*message.Message{message.NewMessage(watermill.NewUUID(), m.Payload)}, nil
	})
	router.AddConsumerHandler("second", "second", broker, func(m *message.Message) error {
		check("second", m)
		tenant.Run("of-"+string(m.Payload), func() {
			assert.NoError(t, outbox.Publish("third", message.NewMessage(watermill.NewUUID(), []byte("of-"+string(m.Payload)))))
			assert.NoError(t, outbox.Publish("fourth", static))
		})
		return nil
	})
	router.AddConsumerHandler("third", "third", broker, func(m *message.Message) error {
		check("third", m)
		ended.Done()
		return nil
	})
	var mu sync.Mutex
	fourth := make(map[string]bool)
	router.AddConsumerHandler("fourth", "fourth", broker, func(*message.Message) error {
		mu.Lock()
		defer mu.Unlock()
		fourth[tenant.GetOrFail()] = true
		ended.Done()
		return nil
	})
	fwd, err := forwarder.NewForwarder(broker, broker, watermill.NopLogger{}, forwarder.Config{Router: router})
	require.NoError(t, err)
	_ = fwd
	run(t, router)
	p := f.Publisher(broker)
	adaptertest.Each(n, func(i int) {
		name := fmt.Sprint("tenant-", i)
		tenant.Run(name, func() { assert.NoError(t, p.Publish("first", message.NewMessage(watermill.NewUUID(), []byte(name)))) })
	})
	ended.Wait()
	tally.Verify(t, 3*n, 0)
	assert.Len(t, fourth, n)
	assert.Empty(t, static.Metadata)
}

// In one process the context may travel with the message. What is named travels, and nothing else, here too.
func TestAContextThatTravelsBringsNothingElse(t *testing.T) {
	broker := gochannel.NewGoChannel(gochannel.Config{PreserveContext: true}, watermill.NopLogger{})
	router := newRouter(t)
	router.AddMiddleware(flow.Middleware)
	got := make(chan [2]bool, 1)
	router.AddConsumerHandler("h", "topic", broker, func(*message.Message) error {
		got <- [2]bool{set(tenant), set(private)}
		return nil
	})
	run(t, router)
	gls.Run(func() {
		m := message.NewMessageWithContext(gls.NewContext(context.Background(), gls.Capture()), "id", nil)
		require.NoError(t, flow.Publisher(broker).Publish("topic", m))
	}, tenant.With("acme"), private.With("secret"))
	assert.Equal(t, [2]bool{true, false}, <-got)
}

func TestARetryInsideIsTheSameFlow(t *testing.T) {
	var ids []string
	retry := middleware.Retry{MaxRetries: 2, InitialInterval: time.Millisecond}
	handle := flow.Middleware(retry.Middleware(func(*message.Message) ([]*message.Message, error) {
		id, _ := glswatermill.MessageID()
		ids = append(ids, id+" of "+tenant.GetOrFail())
		if len(ids) < 3 {
			return nil, errors.New("again")
		}
		return nil, nil
	}))
	m := message.NewMessage("id-1", nil)
	m.Metadata.Set("tenant", "acme")
	_, err := handle(m)
	require.NoError(t, err)
	assert.Equal(t, []string{"id-1 of acme", "id-1 of acme", "id-1 of acme"}, ids)
}
