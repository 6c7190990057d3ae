package glswatermill_test

import (
	"context"
	"testing"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/pubsub/gochannel"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/internal/adaptertest"
)

type tenantKey struct{}

// intoContext is a program's own middleware: the message's tenant in its ctx.
func intoContext(next message.HandlerFunc) message.HandlerFunc {
	return func(m *message.Message) ([]*message.Message, error) {
		m.SetContext(context.WithValue(m.Context(), tenantKey{}, m.Metadata.Get("tenant")))
		return next(m)
	}
}

// A message goes through a router and a broker in memory.
func BenchmarkMessage(b *testing.B) {
	calls := func(middleware message.HandlerMiddleware, publish func(message.Publisher, *message.Message) error,
		tenantOf func(context.Context) string,
	) func(n int) {
		broker := gochannel.NewGoChannel(gochannel.Config{}, watermill.NopLogger{})
		router := newRouter(b)
		router.AddMiddleware(middleware)
		got := make(chan string, 100)
		router.AddConsumerHandler("consumer", "topic", broker, func(m *message.Message) error {
			got <- tenantOf(m.Context())
			return nil
		})
		run(b, router)
		return func(n int) {
			for range n {
				require.NoError(b, publish(broker, message.NewMessage(watermill.NewUUID(), nil)))
			}
			for range n {
				require.Equal(b, "acme", <-got)
			}
		}
	}
	own := calls(intoContext,
		func(p message.Publisher, m *message.Message) error {
			m.Metadata.Set("tenant", "acme")
			return p.Publish("topic", m)
		},
		func(ctx context.Context) string { name, _ := ctx.Value(tenantKey{}).(string); return name })
	ambient := calls(flow.Middleware,
		func(p message.Publisher, m *message.Message) error { return flow.Publisher(p).Publish("topic", m) },
		func(context.Context) string { return tenant.GetOrFail() })
	tenant.Run("acme", func() { adaptertest.InTurn(b, own, ambient) })
}
