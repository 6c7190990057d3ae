// Package adapt gives httpctx the requests of servers that are not built on net/http and that use a request's memory
// again for the next one: a *http.Request made of copies, and an http.ResponseWriter over the server's response.
package adapt

import (
	"io"
	"net/http"

	"github.com/ambient-go/ambient/httpctx"
)

// An Adapter is what the Middleware of a framework consists of. It is safe for concurrent use.
type Adapter struct{ handler http.Handler }

// New returns an Adapter whose requests have these options.
func New(opts []httpctx.Option) Adapter {
	return Adapter{httpctx.New(opts...)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		to := w.(*writer)
		to.open()
		to.next(r)
	}))}
}

// Serve calls next in the request r, whose response has this head and body. What next is given is r, or a copy with
// another context (see httpctx.WithRequestContext).
func (a Adapter) Serve(r *http.Request, head ResponseHead, body io.Writer, next func(*http.Request)) {
	w := &writer{head: head, body: body, next: next}
	a.handler.ServeHTTP(w, r)
	w.send() // the handler's Middleware has waited for all uses of w
}
