package main

import (
	"context"
	"errors"
	"net"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glsotel"
)

const (
	subject = "orders"
	atOnce  = 16               // messages that a worker handles at once
	again   = 10 * time.Second // time after which an unfinished message is delivered again
)

// runQueue runs a NATS server, which knows nothing of flows.
func runQueue(p place, done <-chan struct{}) error {
	host, text, err := net.SplitHostPort(p.queue)
	if err != nil {
		return err
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		return err
	}
	s, err := server.NewServer(&server.Options{
		Host: host, Port: port, JetStream: true, StoreDir: filepath.Join(p.dir, "queue"), NoLog: true, NoSigs: true,
	})
	if err != nil {
		return err
	}
	s.Start()
	<-done
	s.Shutdown()
	s.WaitForShutdown()
	return nil
}

// A queue is a durable NATS stream of orders.
type queue struct {
	conn   *nats.Conn
	stream jetstream.JetStream
}

// openQueue returns the queue of the server at address. It waits until the server is up.
func openQueue(address string) (*queue, error) {
	conn, err := nats.Connect("nats://"+address,
		nats.RetryOnFailedConnect(true), nats.MaxReconnects(-1), nats.ReconnectWait(200*time.Millisecond),
		// The default handler prints. The publisher gets the error anyway.
		nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}))
	if err != nil {
		return nil, err
	}
	stream, err := jetstream.New(conn)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	_, err = stream.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
		Name: subject, Subjects: []string{subject}, Retention: jetstream.WorkQueuePolicy,
	})
	return &queue{conn, stream}, err
}

func (q *queue) close() { q.conn.Close() }

// publish puts an order of the current flow into the queue. The message's header has the flow's
// identity.
func (q *queue) publish(goods string) (err error) {
	glsotel.Run("publish", func() {
		message := nats.NewMsg(subject)
		message.Data = []byte(goods)
		otel.GetTextMapPropagator().Inject(context.Background(), header(message.Header))
		_, err = q.stream.PublishMsg(gls.Context(), message, jetstream.WithMsgID(orderID()))
	}, trace.WithSpanKind(trace.SpanKindProducer))
	return err
}

// consume calls fn in the flow of each message until done is closed. A message is delivered again
// if fn fails, or if the process ends before fn has returned.
func (q *queue) consume(fn func(goods string) error, done <-chan struct{}) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	consumer, err := q.stream.CreateOrUpdateConsumer(ctx, subject, jetstream.ConsumerConfig{
		Durable: "worker", AckPolicy: jetstream.AckExplicitPolicy, AckWait: again,
	})
	if err != nil {
		return err
	}
	var busy sync.WaitGroup
	slots := make(chan struct{}, atOnce)
	running, err := consumer.Consume(func(message jetstream.Msg) {
		slots <- struct{}{}
		busy.Go(func() {
			defer func() { <-slots }()
			handle(message, fn)
		})
	}, jetstream.PullMaxMessages(2*atOnce))
	if err != nil {
		return err
	}
	<-done
	running.Stop()
	<-running.Closed()
	busy.Wait()
	return nil
}

// handle calls fn in the flow of a message. A message without an identity would fail each time, so
// it is dropped.
func handle(message jetstream.Msg, fn func(goods string) error) {
	ctx := otel.GetTextMapPropagator().Extract(context.Background(), header(message.Headers()))
	gls.Resume(ctx, func() {
		goods := string(message.Data())
		_ = work("consume", goods, func() error { // work has logged the error
			if _, known := tenant.Get(); !known {
				return errors.Join(errors.New("the message is nobody's"), message.Term())
			}
			if err := fn(goods); err != nil {
				return errors.Join(err, message.NakWithDelay(time.Second))
			}
			return message.Ack()
		}, trace.WithSpanKind(trace.SpanKindConsumer))
	})
}

// A header is a message's header as a carrier of OpenTelemetry. propagation.HeaderCarrier is for
// HTTP headers, and changes the case of names.
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
