package main

import (
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/ambient-go/ambient/cmd/quickstart/internal/current"
	"github.com/ambient-go/ambient/cmd/quickstart/internal/event"
	"github.com/ambient-go/ambient/cmd/quickstart/internal/post"
	"github.com/ambient-go/ambient/cmd/quickstart/internal/session"
	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/httpctx"
)

// web serves requests on a loopback port, one for each user, all at once.
func web(out *log.Logger) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	app := &app{out: out, base: "http://" + listener.Addr().String()}
	app.client.Transport = httpctx.Transport(nil)
	defer app.client.CloseIdleConnections()

	server := &http.Server{Handler: httpctx.Middleware(app.routes()), ReadHeaderTimeout: time.Second}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	app.visit()
	if err := server.Close(); err != nil {
		return err
	}
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	app.events.Deliver()
	app.detached.Wait()
	return nil
}

type app struct {
	out      *log.Logger
	base     string
	client   http.Client // its transport forwards the request id
	events   event.Bus
	detached sync.WaitGroup
}

func (a *app) routes() http.Handler {
	names := map[string]current.User{}
	for _, u := range users {
		names[fmt.Sprint("user", u.ID)] = u
	}
	mux := http.NewServeMux()
	mux.Handle("GET /posts/{id}", session.SignIn(names, http.HandlerFunc(a.show)))
	mux.HandleFunc("GET /score/{id}", func(w http.ResponseWriter, _ *http.Request) {
		c := httpctx.GetOrFail()
		fmt.Fprintf(w, "score of post %s for request %s", c.Param("id"), c.ID())
	})
	return mux
}

// show passes neither the request nor the user nor a context to the functions it calls.
func (a *app) show(w http.ResponseWriter, _ *http.Request) {
	p := post.Post{ID: httpctx.GetOrFail().Param("id"), LikedBy: []int{1, 3}}
	fmt.Fprintf(w, "user %d likes post %s: %t\n", session.User().ID, p.ID, p.IsLiked())

	var loading gls.WaitGroup
	loading.Go(func() {
		score, err := a.get("/score/" + p.ID)
		if err != nil {
			score = err.Error()
		}
		fmt.Fprintln(httpctx.GetOrFail().Writer(), score)
	})
	loading.Wait()

	// WRONG: the listener runs in the request's frame, and the request is over by then.
	a.events.Emit(gls.Bind(func() {
		if _, err := httpctx.Lookup(); err != nil {
			a.out.Print("a listener after the response finds no request:\n  ", err)
		}
	}))
	// RIGHT: it starts detached while there still is a request, and waits for the event there.
	delivered := make(chan struct{})
	a.events.Emit(func() { close(delivered) })
	a.detached.Add(1)
	httpctx.GoDetached(func() {
		defer a.detached.Done()
		<-delivered
		a.out.Printf("a listener started by GoDetached knows user %d of request %s",
			session.User().ID, httpctx.GetOrFail().ID())
	})
}

// get has no context as a parameter. Transport adds the deadline and the id of the current request.
func (a *app) get(path string) (string, error) {
	response, err := a.client.Get(a.base + path)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return string(body), err
}

// visit requests one page as each user, all at the same time, and prints the pages in order.
func (a *app) visit() {
	pages := make([]string, len(users))
	var visits sync.WaitGroup
	for i, u := range users {
		visits.Go(func() { pages[i] = a.page(u) })
	}
	visits.Wait()
	for _, page := range pages {
		a.out.Print(page)
	}
}

func (a *app) page(u current.User) string {
	r, err := http.NewRequest(http.MethodGet, a.base+"/posts/7", http.NoBody)
	if err != nil {
		return err.Error()
	}
	r.SetBasicAuth(fmt.Sprint("user", u.ID), "")
	r.Header.Set("X-Request-ID", fmt.Sprint("visit-", u.ID))
	response, err := a.client.Do(r)
	if err != nil {
		return err.Error()
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err.Error()
	}
	return string(body)
}
