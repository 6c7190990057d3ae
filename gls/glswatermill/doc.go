// Package glswatermill lets the values of a flow travel with github.com/ThreeDotsLabs/watermill messages, over whatever
// broker.
//
//	var flow = glswatermill.New(glswire.Value("tenant", tenant, glswire.String[string]()))
//
//	publisher = flow.Publisher(publisher)
//
//	router.AddMiddleware(flow.Middleware)
//	router.AddPublisherDecorators(flow.PublisherDecorator)
//
// One value serves both ends. A key is a key of the message's metadata; what is not named does not travel (see package
// glswire), and what is not set is not set in the consumer.
//
// # Publishing
//
// A message carries what is set where Publish is called. If the message's context carries another frame (see
// gls.NewContext), that one counts. What stands in the metadata wins: a message that is passed on keeps the values it came
// with. The messages themselves are not changed, so that one may be published again by another flow. Those that a
// handler returns, which the router publishes after it, get what the handler was given.
//
// A publisher is decorated at the side of those who call it: flow.Publisher(forwarder.NewPublisher(p, c)), so that the
// values are in the envelope.
//
// # Consuming
//
// A handler runs in a frame of its own, with the values of the message and nothing else, whoever's goroutine it is. For
// the time of the handler, and on goroutines that it starts with gls.Go:
//
//   - [MessageID] returns the message's UUID. It stands on every line that is logged through glslog.Handler, as
//     message_id, with the router's topic.
//   - The message's context is the ambient one (see gls.Context), and carries the frame for gls.Resume.
//
// Add the middleware before those that are to run in the flow of the message: what one outside of it has set, the handler
// does not see. A retry inside it, as by middleware.Retry, is the same flow; a message that comes again after a Nack is
// another one, with the same values. Errors and panics pass as they are, and nothing stays on the goroutine. Without a
// router, flow.Middleware(handler)(m) does the same for one message.
//
// # Trust
//
// Metadata is written by whoever can write to the topic: the UUID, too. See package glswire on what that means. A value
// that does not decode, or is too long, is dropped as a whole, and the function given to [Flow.OnError] is told; the
// message is consumed without it.
//
// # Concurrency
//
// All functions and methods may be called from any number of goroutines at once, and the function of OnError is.
package glswatermill
