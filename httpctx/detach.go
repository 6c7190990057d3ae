package httpctx

import (
	"context"
	"net/http"
	"reflect"
	"strings"

	"github.com/ambient-go/ambient/internal/toplevel"
)

// detachCurrent returns a detached copy of the current Context, or nil if there is none.
func detachCurrent() *Context {
	c, ok := Get()
	if !ok {
		return nil
	}
	return c.detach()
}

// detach returns a copy of c that shares nothing with the server, or nil if c is over. The handler's
// end waits for a copy in progress: after it the server may use the request's memory again.
func (c *Context) detach() *Context {
	if !c.stable {
		g := c.guarded()
		if !g.open() {
			return nil
		}
		defer g.done()
	}
	r := c.request.Clone(c.unending())
	r.Body = http.NoBody
	r.MultipartForm = nil // its files are removed with the request
	if inner := c.routed.inside.Load(); inner != nil && r.Pattern == "" {
		r.Pattern = inner.Pattern
		for name := range wildcards(inner.Pattern) {
			r.SetPathValue(name, inner.PathValue(name))
		}
	}
	if !c.stable {
		copyStrings(r)
	}
	d := &Context{request: r, method: c.method, path: c.path, stable: true, era: c.era, detached: true}
	d.shared = &d.own
	d.own.givenID, d.own.sentIDs = c.ID(), c.sentIDs
	c.start.copyTo(&d.own.start)
	d.own.logger = c.logger
	d.own.keys.Store(c.keys.Load())
	if added := c.logAttrs.Load().Attrs(); len(added) > 0 {
		d.own.logAttrs.Store(toplevel.NewSet(added...)) // not c's set, which remembers c's prepared attributes
	}
	if carried(r.Context()) != nil {
		d.outer = c // for a ctx that carries c, which will be finished
		if c.detached {
			d.outer = c.outer
		}
		d.request = d.carriedRequest()
	}
	return d
}

// unending returns c's context for work that outlives the request. That of a detached Context is
// used again: work that detaches itself over and over would pile up contexts otherwise.
func (c *Context) unending() context.Context {
	ctx := c.request.Context()
	if c.detached {
		return ctx.Value(detachedKey{}).(detachedContext)
	}
	return detachedContext{context.WithoutCancel(ctx)}
}

// A detachedContext is a request's context for work that outlives the request: without cancellation
// and deadline, and without values that the next request uses again.
type detachedContext struct{ context.Context }

type detachedKey struct{}

func (ctx detachedContext) Value(key any) any {
	if key == (detachedKey{}) {
		return ctx
	}
	if value := ctx.Context.Value(key); !recycled(value) {
		return value
	}
	return nil
}

// recycled reports whether value is of a type that is reused for another request: chi's *Context,
// which goes back to a pool when the handler has returned, and its like. Such a type has a method
// Reset; types without one are known by their package. Protocol buffers have Reset too, and are not
// reused.
//
// It is tempting to copy such a value instead. A copy of the struct shares the arrays of its slices
// with the original, and the next request writes to those arrays.
func recycled(value any) bool {
	switch value.(type) {
	case nil:
		return false
	case interface{ Reset() },
		interface { // echo
			Reset(*http.Request, http.ResponseWriter)
		},
		interface { // beego
			Reset(http.ResponseWriter, *http.Request)
		}:
		_, message := value.(interface{ ProtoMessage() })
		return !message
	}
	t := reflect.TypeOf(value)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return recycles(t.PkgPath())
}

// recycles reports whether a package is one of recyclers or below one.
func recycles(path string) bool {
	for _, pkg := range recyclers {
		if rest, ok := strings.CutPrefix(path, pkg); ok && (rest == "" || rest[0] == '/') {
			return true
		}
	}
	return false
}

// recyclers lists the packages whose types, and those of the packages below them, come from pools
// and have no Reset.
var recyclers = []string{
	"github.com/gin-gonic/gin",
	"github.com/gofiber/fiber",
	"github.com/julienschmidt/httprouter",
	"github.com/kataras/iris",
	"github.com/savsgio/atreugo",
	"github.com/valyala/fasthttp",
}
