// Package franzgo is the recipe for github.com/twmb/franz-go: the poll loop begins with nothing set, each record has a
// scope of its own with its id, and the promise of a record is bound by whoever produces it.
//
//	go gls.Isolate(func() { ... for each record:
//		gls.Run(func() { handle(r) }, messageID.With(id), glslog.With(slog.String("message_id", id)))
//	})
//
//	client.Produce(ctx, record, gls.Bind(promise))
//
// The loop is the program's own: in a program built by ambient build a plain go statement would give it the values of
// who starts it, for ever. Promises run on a goroutine of the client; ambient vet finds those that are not bound, and
// -fix binds them. Hooks and the partitioner serve all records and are nobody's.
package franzgo

import (
	"context"
	"log/slog"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glslog"
)

var messageID = gls.New[string]("kafka.message")

// Start calls handle for each record on a goroutine that has nothing set.
func Start(ctx context.Context, client *kgo.Client, handle func(*kgo.Record)) {
	go gls.Isolate(func() {
		for {
			fetches := client.PollFetches(ctx)
			if fetches.IsClientClosed() || ctx.Err() != nil {
				return
			}
			fetches.EachRecord(func(r *kgo.Record) {
				id := string(r.Key) // or its topic, partition and offset
				gls.Run(func() { handle(r) }, messageID.With(id), glslog.With(slog.String("message_id", id)))
			})
		}
	})
}

// Produce sends a record, and calls promise with what is set here.
func Produce(ctx context.Context, client *kgo.Client, r *kgo.Record, promise func(*kgo.Record, error)) {
	client.Produce(ctx, r, gls.Bind(promise))
}
