package main

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/ambient-go/ambient/cmd/blog/almanac"
	"github.com/ambient-go/ambient/cmd/blog/event"
	"github.com/ambient-go/ambient/cmd/blog/middleware"
	"github.com/ambient-go/ambient/cmd/blog/model"
	"github.com/ambient-go/ambient/cmd/blog/store"
	"github.com/ambient-go/ambient/cmd/blog/web"
	"github.com/ambient-go/ambient/gls/glsdebug"
)

// servers has the blog and the almanac that the blog asks.
type servers struct {
	address  string // the blog's
	site     *web.Site
	store    *store.Store
	events   *event.Bus
	blog     *http.Server
	almanac  *http.Server
	failed   chan error    // receives the error of a server that fails
	finished chan struct{} // closed when both have ended
}

// start serves the blog at an address, from a database file. extra has more pages, by pattern.
func start(address, file string, seed bool, extra map[string]func() error) (*servers, error) {
	db, err := store.Open(file, model.Prepare(seed))
	if err != nil {
		return nil, err
	}
	s := &servers{store: db, events: new(event.Bus), failed: make(chan error, 2), finished: make(chan struct{})}
	blog := model.New(db, s.events)
	front, err := net.Listen("tcp", address)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	back, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, errors.Join(err, front.Close(), db.Close())
	}
	s.site = &web.Site{
		Blog:     blog,
		Almanac:  almanac.NewClient("http://" + back.Addr().String()),
		Sessions: middleware.NewSessions(blog),
		Extra:    extra,
	}
	mux := http.NewServeMux()
	mux.Handle("/debug/ambient/", glsdebug.Handler(glsdebug.WithValues())) // safe without locks: tenants and users never change
	mux.Handle("/", s.site.Handler())

	s.blog = &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute}
	s.blog.RegisterOnShutdown(s.events.Stop)
	s.almanac = &http.Server{Handler: almanac.Handler(), ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute}
	s.address = front.Addr().String()

	ended := make(chan struct{})
	serve := func(server *http.Server, l net.Listener) {
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			s.failed <- err
		}
		ended <- struct{}{}
	}
	go serve(s.blog, front)
	go serve(s.almanac, back)
	go func() {
		<-ended
		<-ended
		close(s.finished)
	}()
	return s, nil
}

// stop waits for requests in progress and for the work they have started, and closes the database.
func (s *servers) stop(patience time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	err := s.blog.Shutdown(ctx)
	s.events.Wait()
	s.site.Almanac.HTTP.CloseIdleConnections()
	err = errors.Join(err, s.almanac.Shutdown(ctx))
	<-s.finished
	return errors.Join(err, s.store.Close())
}
