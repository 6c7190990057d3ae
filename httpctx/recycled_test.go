package httpctx_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/httpctx"
)

// A poolRouter routes as chi does: the request's context has a *route, which the next request is given.
type poolRouter struct {
	pool sync.Pool
	next http.Handler
}

type route struct{ params []string }

type routeKey struct{}

func (r *route) Reset() { r.params = r.params[:0] }

func (p *poolRouter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	found, _ := p.pool.Get().(*route)
	if found == nil {
		found = new(route)
	}
	found.Reset()
	defer p.pool.Put(found)
	found.params = append(found.params, r.URL.Path[1:])
	r = r.WithContext(context.WithValue(r.Context(), routeKey{}, found))
	r.SetPathValue("id", found.params[0])
	p.next.ServeHTTP(w, r)
}

// param is the path parameter as the router's own function gives it.
func param(ctx context.Context) string {
	if found, ok := ctx.Value(routeKey{}).(*route); ok && len(found.params) > 0 {
		return found.params[0]
	}
	return ""
}

// Detached work has the path values of its own request, and of the router's recycled value nothing, whichever way
// it asks.
func TestGoDetachedBelowARouterThatRecycles(t *testing.T) {
	var work, requests sync.WaitGroup
	release := make(chan bool)
	router := &poolRouter{next: middleware(func(_ http.ResponseWriter, r *http.Request) {
		id := r.PathValue("id")
		assert.Equal(t, id, param(gls.Context()), "in the handler it is there")
		work.Add(1)
		httpctx.GoDetached(func() {
			check := func() {
				c := httpctx.GetOrFail()
				assert.Equal(t, id, c.Param("id"))
				for _, ctx := range []context.Context{c.Context(), gls.Context(), c.Request().Context()} {
					assert.Empty(t, param(ctx))
					derived, cancel := context.WithCancel(ctx)
					assert.Empty(t, param(derived))
					cancel()
				}
			}
			<-release
			check()
			httpctx.GoDetached(func() { // again from inside
				defer work.Done()
				check()
				httpctx.Run(httptest.NewRecorder(), httpctx.GetOrFail().Request(), check)
			})
		})
	})}
	for g := range 4 {
		requests.Go(func() {
			for i := range 50 {
				router.ServeHTTP(httptest.NewRecorder(), newRequest(fmt.Sprintf("/%d-%d", g, i)))
			}
		})
	}
	requests.Wait()
	close(release)
	work.Wait()
}

type (
	writerFirst struct{}
	message     struct{}
	person      struct{ name string }
)

func (*writerFirst) Reset(http.ResponseWriter, *http.Request) {}

func (*message) Reset()        {}
func (*message) ProtoMessage() {}

type requestFirst interface {
	Reset(*http.Request, http.ResponseWriter)
}

type echoContext struct{}

func (*echoContext) Reset(*http.Request, http.ResponseWriter) {}

// Everything else that the request's context holds stays.
func TestGoDetachedKeepsValues(t *testing.T) {
	type key int
	keeps := map[key]any{
		0: "text", 1: &person{"Ada"}, 2: person{"Eve"}, 3: map[string]string{"id": "7"}, 4: []int{1}, 5: &message{}, 6: 7,
		7: func() {}, 8: http.DefaultServeMux,
	}
	loses := map[key]any{10: &route{}, 11: &writerFirst{}, 12: requestFirst(&echoContext{}), 13: new(bytes.Buffer)}
	ctx := context.Background()
	for _, values := range []map[key]any{keeps, loses} {
		for k, v := range values {
			ctx = context.WithValue(ctx, k, v) //nolint:fatcontext // all of them are in one
		}
	}
	httpctx.Run(httptest.NewRecorder(), newRequest("/").WithContext(ctx), func() {
		join(httpctx.GoDetached, func() {
			for k, want := range keeps {
				got := gls.Context().Value(k)
				assert.Equal(t, fmt.Sprintf("%T %p", want, want), fmt.Sprintf("%T %p", got, got))
			}
			for k := range loses {
				assert.Nil(t, gls.Context().Value(k))
			}
			assert.Nil(t, gls.Context().Value(key(20)))
		})
	})
}

// The packages whose types have no Reset, in all their versions.
func TestRecyclers(t *testing.T) {
	for path, want := range map[string]bool{
		"github.com/gin-gonic/gin":            true,
		"github.com/gofiber/fiber/v2":         true,
		"github.com/gofiber/fiber/v3":         true,
		"github.com/kataras/iris/v12/context": true,
		"github.com/valyala/fasthttp":         true,
		"github.com/julienschmidt/httprouter": true,
		"github.com/gin-gonic/gin-contrib":    false,
		"github.com/gofiber/fiberlog":         false,
		"example.com/gin":                     false,
		"net/http":                            false,
		"":                                    false,
	} {
		assert.Equal(t, want, httpctx.Recycles(path), path)
	}
}
