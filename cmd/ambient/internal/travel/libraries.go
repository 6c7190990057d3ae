package main

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"sync/atomic"
	"time"
)

var inHTTP = []way{
	{"`http.TimeoutHandler`: the handler", func(report func()) {
		h := http.TimeoutHandler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { report() }), time.Minute, "")
		with(func() { h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil)) })
	}},
	{"`http.Server`: handlers, where `Serve` was called", func(report func()) {
		var server *httptest.Server
		with(func() {
			server = httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { report() }))
		})
		defer server.Close()
		elsewhere(func() { fetch(server, http.DefaultTransport, nil) })
	}},
	{"`http.Transport`: `DialContext`", func(report func()) {
		first(func(server *httptest.Server) {
			with(func() {
				fetch(server, &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
					report()
					return new(net.Dialer).DialContext(ctx, network, address)
				}}, nil)
			})
		})
	}},
	{"`http.Transport`: `httptrace`'s `WroteHeaders`, `GotFirstResponseByte`, the request's body", func(report func()) {
		first(func(server *httptest.Server) {
			with(func() { fetch(server, new(http.Transport), &httptrace.ClientTrace{GotFirstResponseByte: report}) })
		})
	}},
}

// first calls fn with a server on which no connection is open.
func first(fn func(*httptest.Server)) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "x") }))
	defer server.Close()
	fn(server)
}

func fetch(server *httptest.Server, transport http.RoundTripper, trace *httptrace.ClientTrace) {
	ctx := context.Background()
	if trace != nil {
		ctx = httptrace.WithClientTrace(ctx, trace)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL, nil)
	if err != nil {
		return
	}
	resp, err := transport.RoundTrip(r)
	if err != nil {
		return
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
}

var inSQL = []way{
	{"`database/sql`: the driver, on the caller's goroutine", func(report func()) {
		db := sql.OpenDB(&connector{report: report})
		defer db.Close()
		with(func() { _ = db.Ping() })
	}},
	{"`database/sql`: the opener, where `sql.Open` was called", func(report func()) {
		c := new(connector)
		var db *sql.DB
		with(func() { db = sql.OpenDB(c) })
		defer db.Close()
		db.SetMaxOpenConns(1)
		elsewhere(func() {
			conn, err := db.Conn(context.Background())
			if err != nil {
				return
			}
			c.report = report // for the second connection, which the opener makes for a waiting call
			ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
			defer cancel()
			done := make(chan struct{})
			go func() {
				defer close(done)
				if other, err := db.Conn(ctx); err == nil {
					_ = other.Close()
				}
			}()
			for db.Stats().WaitCount == 0 {
				time.Sleep(time.Millisecond)
			}
			_ = conn.Raw(func(any) error { return driver.ErrBadConn })
			<-done
		})
	}},
}

type connector struct {
	report func()
	opened atomic.Int32
}

func (c *connector) Connect(context.Context) (driver.Conn, error) {
	c.opened.Add(1)
	if c.report != nil {
		c.report()
	}
	return connection{}, nil
}

func (c *connector) Driver() driver.Driver { return nil }

type connection struct{}

func (connection) Prepare(string) (driver.Stmt, error) { return nil, errors.ErrUnsupported }
func (connection) Begin() (driver.Tx, error)           { return nil, errors.ErrUnsupported }
func (connection) Close() error                        { return nil }
