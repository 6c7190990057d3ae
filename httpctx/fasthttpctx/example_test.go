package fasthttpctx_test

import (
	"fmt"
	"net"
	"net/http"

	"github.com/valyala/fasthttp"
	"github.com/valyala/fasthttp/fasthttputil"

	"github.com/ambient-go/ambient/httpctx"
	"github.com/ambient-go/ambient/httpctx/fasthttpctx"
)

var user = httpctx.NewKey[string]("user")

// greeting takes no parameter.
func greeting() string {
	name := user.GetOrFail()
	return fmt.Sprintf("hello, %s, at %s in request %s", name, httpctx.GetOrFail().Request().URL.Path,
		httpctx.GetOrFail().ID())
}

func Example() {
	handler := func(ctx *fasthttp.RequestCtx) {
		user.Set(httpctx.GetOrFail(), string(ctx.QueryArgs().Peek("user")))
		fmt.Fprint(ctx, greeting())
	}
	l := fasthttputil.NewInmemoryListener()
	defer l.Close()
	go fasthttp.Serve(l, fasthttpctx.Middleware(handler))

	client := &fasthttp.Client{Dial: func(string) (net.Conn, error) { return l.Dial() }}
	request, response := new(fasthttp.Request), new(fasthttp.Response)
	request.SetRequestURI("http://example.com/posts?user=ada")
	request.Header.Set("X-Request-ID", "id-1")
	err := client.Do(request, response)
	fmt.Println(response.StatusCode() == http.StatusOK, string(response.Body()), err)
	// Output:
	// true hello, ada, at /posts in request id-1 <nil>
}
