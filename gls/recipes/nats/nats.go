// Package nats is the recipe for github.com/nats-io/nats.go: a subscription begins with nothing set, and each message
// has a scope of its own with its id.
//
//	gls.Isolate(func() {
//		sub, err = conn.Subscribe(subject, func(m *nats.Msg) {
//			gls.Run(func() { handle(m) }, messageID.With(id), glslog.With(slog.String("message_id", id)))
//		})
//	})
//
// The library calls handlers on goroutines of its own, which have nothing set in any build; gls.Isolate is for a loop
// of NextMsg or Fetch in the program's code, and harmless here. Do not bind a handler: every message would see the
// values of the one who subscribed.
package nats

import (
	"log/slog"

	"github.com/nats-io/nats.go"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glslog"
)

var messageID = gls.New[string]("nats.message")

// Subscribe calls handle for each message, with the message's id set and nothing else.
func Subscribe(conn *nats.Conn, subject string, handle nats.MsgHandler) (sub *nats.Subscription, err error) {
	gls.Isolate(func() {
		sub, err = conn.Subscribe(subject, func(m *nats.Msg) {
			id := m.Header.Get(nats.MsgIdHdr)
			gls.Run(func() { handle(m) }, messageID.With(id), glslog.With(slog.String("message_id", id)))
		})
	})
	return sub, err
}
