package fleet

import (
	"context"
	"errors"
	"log/slog"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/propagation"

	"github.com/ambient-go/ambient/gls"
)

const subject = "orders"

// A Queue is a durable NATS stream of orders.
type Queue struct{ stream jetstream.JetStream }

// NewQueue returns the queue of the connection's server, which is made if there is none.
func NewQueue(conn *nats.Conn) (*Queue, error) {
	stream, err := jetstream.New(conn)
	if err != nil {
		return nil, err
	}
	_, err = stream.CreateOrUpdateStream(context.Background(), jetstream.StreamConfig{
		Name: subject, Subjects: []string{subject}, Retention: jetstream.WorkQueuePolicy,
	})
	return &Queue{stream}, err
}

// Publish puts an order of the running flow into the queue. The message has no body: all there is to know travels.
func (q *Queue) Publish() error {
	message := nats.NewMsg(subject)
	otel.GetTextMapPropagator().Inject(context.Background(), header(message.Header))
	_, err := q.stream.PublishMsg(gls.Context(), message)
	return err
}

// Consume calls fn in the flow of each message, on one goroutine, until stop is called. A message for which fn fails,
// or that is not done when the process ends, comes again.
func (q *Queue) Consume(log *slog.Logger, fn func() error) (stop func(), err error) {
	consumer, err := q.stream.CreateOrUpdateConsumer(context.Background(), subject, jetstream.ConsumerConfig{
		Durable: "worker", AckPolicy: jetstream.AckExplicitPolicy,
	})
	if err != nil {
		return nil, err
	}
	running, err := consumer.Consume(func(message jetstream.Msg) {
		ctx := otel.GetTextMapPropagator().Extract(context.Background(), header(message.Headers()))
		gls.Resume(ctx, func() {
			err := work(log, "worker", fn)
			if err == nil {
				err = message.Ack()
			} else {
				err = errors.Join(err, message.Nak())
			}
			if err != nil {
				log.Error("not done, and comes again", "error", err)
			}
		})
	})
	if err != nil {
		return nil, err
	}
	return func() { running.Stop(); <-running.Closed() }, nil
}

// A header is a message's header as a carrier. It is no propagation.HeaderCarrier, because that is for HTTP.
type header nats.Header

var _ propagation.TextMapCarrier = header(nil)

func (h header) Get(key string) string { return nats.Header(h).Get(key) }
func (h header) Set(key, value string) { nats.Header(h).Set(key, value) }
func (h header) Keys() (keys []string) {
	for key := range h {
		keys = append(keys, key)
	}
	return keys
}
