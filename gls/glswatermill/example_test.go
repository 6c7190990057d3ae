package glswatermill_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/pubsub/gochannel"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glslog"
	"github.com/ambient-go/ambient/gls/glswatermill"
	"github.com/ambient-go/ambient/gls/glswire"
)

// Both ends know this.
var (
	user  = gls.New[string]("user")
	flows = glswatermill.New(glswire.Value("user", user, glswire.String[string]()))
)

// order is far below a request's handler, and takes neither ctx nor user.
func order(publisher message.Publisher) error {
	return publisher.Publish("orders", message.NewMessage("id-1", []byte("a book")))
}

// ship is far below a message's handler.
func ship(log *slog.Logger) {
	name, _ := user.Get()
	log.Info("shipped to " + name)
}

func Example() {
	log := slog.New(glslog.Handler(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		},
	})))
	broker := gochannel.NewGoChannel(gochannel.Config{Persistent: true}, watermill.NopLogger{})
	user.Run("Ada", func() { fmt.Println(order(flows.Publisher(broker))) })

	router, err := message.NewRouter(message.RouterConfig{}, watermill.NopLogger{})
	if err != nil {
		panic(err)
	}
	router.AddMiddleware(flows.Middleware)
	shipped := make(chan struct{})
	router.AddConsumerHandler("shipping", "orders", broker, func(*message.Message) error {
		ship(log)
		close(shipped)
		return nil
	})
	go func() { _ = router.Run(context.Background()) }()
	<-shipped
	_ = router.Close()
	// Output:
	// <nil>
	// level=INFO msg="shipped to Ada" message_id=id-1 topic=orders
}
