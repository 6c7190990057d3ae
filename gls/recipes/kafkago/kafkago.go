// Package kafkago is the recipe for github.com/segmentio/kafka-go: the loop that reads begins with nothing set, and
// each message has a scope of its own with its id.
//
//	go gls.Isolate(func() { ... for each message:
//		gls.Run(func() { err = handle(m) }, messageID.With(id), glslog.With(slog.String("message_id", id)))
//	})
//
// The loop is the program's own: in a program built by ambient build a plain go statement would give it the values of
// who starts it, for ever. Writer.Completion is called for batches, with the messages of many, and is nobody's: put
// what it needs into Message.WriterData.
package kafkago

import (
	"context"
	"log/slog"

	"github.com/segmentio/kafka-go"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glslog"
)

var messageID = gls.New[string]("kafka.message")

// Start calls handle for each message on a goroutine that has nothing set, until reading fails or the reader is closed.
func Start(ctx context.Context, reader *kafka.Reader, handle func(kafka.Message)) {
	go gls.Isolate(func() {
		for {
			m, err := reader.ReadMessage(ctx)
			if err != nil {
				return
			}
			id := string(m.Key) // or its topic, partition and offset
			gls.Run(func() { handle(m) }, messageID.With(id), glslog.With(slog.String("message_id", id)))
		}
	})
}
