// The snippets of the package documentation are the first examples of this file: Example and ExampleRun.

package httpctx_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"time"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/httpctx"
)

// A User is who is signed in.
type User struct{ Name string }

var user = httpctx.NewKey[*User]("user")

// A Post is a model, far below the handlers.
type Post struct{ Likes []string }

func (p *Post) LikedBy(u *User) bool { return slices.Contains(p.Likes, u.Name) }

// IsLiked takes no parameter: templates and JSON marshalers call it.
func (p *Post) IsLiked() bool {
	u, ok := user.Get()
	return ok && p.LikedBy(u)
}

func loadPost(string) *Post { return &Post{Likes: []string{"Ada"}} }

func authenticate(r *http.Request) *User { return &User{r.Header.Get("User")} }

// call makes a request to a handler without a server and returns what it wrote.
func call(h http.Handler, method, target string, header ...string) string {
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Body.String()
}

func Example() {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /posts/{id}", func(w http.ResponseWriter, r *http.Request) {
		user.Set(httpctx.GetOrFail(), authenticate(r))
		fmt.Fprint(w, loadPost(r.PathValue("id")).IsLiked())
	})
	handler := httpctx.Middleware(mux) // as in http.ListenAndServe(addr, httpctx.Middleware(mux))

	fmt.Println(call(handler, "GET", "/posts/7", "User", "Ada"))
	fmt.Println(call(handler, "GET", "/posts/7", "User", "Eve"))
	fmt.Println(loadPost("7").IsLiked())
	// Output:
	// true
	// false
	// false
}

// A test of code that reads the current request needs no server.
func ExampleRun() {
	httpctx.Run(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil), func() {
		user.Set(httpctx.GetOrFail(), &User{"Ada"})
		fmt.Println(loadPost("7").IsLiked())
	})
	fmt.Println(loadPost("7").IsLiked())
	// Output:
	// true
	// false
}

func ExampleMiddleware() {
	server := httptest.NewServer(httpctx.Middleware(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		c := httpctx.GetOrFail()
		fmt.Fprint(w, c.Request().Method, " ", c.Request().URL.Path)
	})))
	defer server.Close()
	response, err := http.Get(server.URL + "/orders")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer response.Body.Close()
	defer http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	body, _ := io.ReadAll(response.Body)
	fmt.Println(string(body))
	// Output: GET /orders
}

func ExampleNew() {
	wrap := httpctx.New(
		httpctx.WithRequestID(func(r *http.Request) string { return r.Header.Get("Traceparent") }),
		httpctx.WithLogger(slog.New(slog.DiscardHandler)),
	)
	handler := wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, httpctx.GetOrFail().ID())
	}))
	fmt.Println(call(handler, "GET", "/", "Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"))
	fmt.Println(len(call(handler, "GET", "/", "Traceparent", "not well-formed")))
	// Output:
	// 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01
	// 32
}

func ExampleGet() {
	where := func() string {
		c, ok := httpctx.Get()
		if !ok {
			return "outside"
		}
		return c.Request().URL.Path
	}
	fmt.Println(where())
	r := httptest.NewRequest(http.MethodGet, "/orders", nil)
	httpctx.Run(httptest.NewRecorder(), r, func() { fmt.Println(where()) })
	// Output:
	// outside
	// /orders
}

// Lookup says why there is no request.
func ExampleLookup() {
	httpctx.Run(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/orders", nil), func() {
		httpctx.RunOutside(func() {
			_, err := httpctx.Lookup()
			fmt.Println(errors.Is(err, httpctx.ErrNoRequest))
			fmt.Println(err)
		})
	})
	// Output:
	// true
	// httpctx: not available outside of an HTTP request: inside httpctx.RunOutside, or started there
}

// Goroutines that a handler starts with gls.Go belong to its request, until the handler returns.
func ExampleGetOrFail() {
	handler := httpctx.Middleware(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		var group gls.WaitGroup
		names := make([]string, 2)
		for i, part := range []string{"header", "footer"} {
			group.Go(func() { names[i] = part + " of " + httpctx.GetOrFail().ID() })
		}
		group.Wait()
		fmt.Fprint(w, names)
	}))
	fmt.Println(call(handler, "GET", "/", "X-Request-ID", "7"))
	// Output: [header of 7 footer of 7]
}

// A worker that is started during a request and is not part of it.
func ExampleRunOutside() {
	tasks, done := make(chan string), make(chan bool)
	worker := func() {
		defer close(done)
		for task := range tasks {
			_, ok := httpctx.Get()
			fmt.Println(task, ok)
		}
	}
	httpctx.Run(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil), func() {
		httpctx.RunOutside(func() { gls.Go(worker) })
		tasks <- "one"
	})
	tasks <- "two"
	close(tasks)
	<-done
	// Output:
	// one false
	// two false
}

// A mail that is sent after the answer knows who ordered, and is not cancelled with the request.
func ExampleGoDetached() {
	answered, sent := make(chan bool), make(chan bool)
	handler := httpctx.Middleware(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		user.Set(httpctx.GetOrFail(), &User{"Ada"})
		httpctx.GoDetached(func() {
			<-answered
			c := httpctx.GetOrFail()
			fmt.Println("mail to", user.GetOrFail().Name, "about order", c.ID(), gls.Context().Err())
			close(sent)
		})
		fmt.Fprint(w, "ordered")
	}))
	ctx, cancel := context.WithCancel(context.Background())
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/orders", nil)
	r.Header.Set("X-Request-ID", "7")
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	cancel()
	fmt.Println(w.Body)
	close(answered)
	<-sent
	// Output:
	// ordered
	// mail to Ada about order 7 <nil>
}

func ExampleKey() {
	tenant := httpctx.NewKey[string]("tenant")
	httpctx.Run(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil), func() {
		_, ok := tenant.Get()
		fmt.Println(ok)
		tenant.Set(httpctx.GetOrFail(), "acme")
		fmt.Println(tenant.GetOrFail())
	})
	// Output:
	// false
	// acme
}

// Every log line of a request has its id, those of code that has neither a logger nor a context included.
func ExampleLogHandler() {
	text := slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}})
	log := slog.New(httpctx.LogHandler(text)) // or slog.SetDefault of it
	mux := http.NewServeMux()
	mux.HandleFunc("GET /orders/{id}", func(http.ResponseWriter, *http.Request) {
		log.Info("loading", "rows", 3)
		log.WithGroup("db").Info("query", "ms", 7)
	})
	call(httpctx.Middleware(mux), "GET", "/orders/7", "X-Request-ID", "abc")
	log.Info("idle")
	// Output:
	// level=INFO msg=loading rows=3 request_id=abc method=GET path=/orders/7 pattern="GET /orders/{id}"
	// level=INFO msg=query request_id=abc method=GET path=/orders/7 pattern="GET /orders/{id}" db.ms=7
	// level=INFO msg=idle
}

// A request to another server, by code that is given no context, ends with the request that it is made for.
func ExampleTransport() {
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "asked by ", r.Header.Get("X-Request-ID"))
	}))
	defer backend.Close()
	client := &http.Client{Transport: httpctx.Transport(backend.Client().Transport)}
	load := func() (string, error) {
		response, err := client.Get(backend.URL)
		if err != nil {
			return "", err
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		return string(body), err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil)
	r.Header.Set("X-Request-ID", "7")
	httpctx.Run(httptest.NewRecorder(), r, func() {
		fmt.Println(load())
		cancel()
		_, err := load()
		fmt.Println(errors.Is(err, context.Canceled))
	})
	// Output:
	// asked by 7 <nil>
	// true
}

// A goroutine that may still run when the handler has returned writes through the Context.
func ExampleContext_Writer() {
	returned, written := make(chan bool), make(chan error)
	handler := httpctx.Middleware(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		w := httpctx.GetOrFail().Writer()
		gls.Go(func() {
			<-returned
			_, err := io.WriteString(w, "too late")
			written <- err
		})
	}))
	fmt.Printf("%q\n", call(handler, "GET", "/"))
	close(returned)
	fmt.Println(errors.Is(<-written, httpctx.ErrFinished))
	// Output:
	// ""
	// true
}

func ExampleContext_Param() {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /orders/{id}", func(w http.ResponseWriter, _ *http.Request) {
		c := httpctx.GetOrFail()
		fmt.Fprint(w, c.Pattern(), " ", c.Param("id"))
	})
	fmt.Println(call(httpctx.Middleware(mux), "GET", "/orders/7"))
	// Output: GET /orders/{id} 7
}

// An Error is one of four reasons, and which goroutine it is about.
func ExampleError() {
	finished := make(chan error)
	over := make(chan bool)
	httpctx.Run(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/orders", nil), func() {
		gls.Go(func() {
			<-over
			_, err := httpctx.Lookup()
			finished <- err
		})
	})
	close(over)
	err := <-finished
	var e *httpctx.Error
	fmt.Println(errors.As(err, &e) && errors.Is(err, httpctx.ErrFinished))
	fmt.Println(e.Err)
	// Output:
	// true
	// httpctx: the request is over; start work that outlives its request with httpctx.GoDetached
}

// The switch of the process.
func ExampleSetEnabled() {
	handler := httpctx.Middleware(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, ok := httpctx.Get()
		fmt.Fprint(w, httpctx.Enabled(), " ", ok)
	}))
	httpctx.SetEnabled(false)
	fmt.Println(call(handler, "GET", "/"))
	httpctx.SetEnabled(true)
	fmt.Println(call(handler, "GET", "/"))
	// Output:
	// false false
	// true true
}
