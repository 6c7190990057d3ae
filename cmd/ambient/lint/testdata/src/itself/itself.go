// Package itself has variables that get a value made of themselves.
package itself

import (
	"net/http"
	"sync"
	"time"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/httpctx"
)

var (
	user  = gls.New[string]("user")
	tasks = make(chan func(), 8)
)

func param(fn func()) {
	fn = gls.Bind(fn)
	go fn()
	tasks <- fn
	time.AfterFunc(time.Second, fn)
	fn()
}

func local() {
	var fn func()
	fn = gls.Bind(fn)
	gls.Go(fn)
	go fn()
}

func pair() {
	var first, second func()
	first = gls.Bind(second)
	second = gls.Bind(first)
	go first()
	go second()
	tasks <- first
}

var one, other func()

func globals() {
	one = gls.Bind(other)
	other = gls.Bind(one)
	go one()
	tasks <- other
	http.DefaultServeMux.HandleFunc("/", func(http.ResponseWriter, *http.Request) { other() })
}

func done(wg *sync.WaitGroup, end func()) {
	wg.Add(1)
	end = func() { end() }
	go end()
	wg.Wait()
}

type named func()

func conversion(fn named) {
	fn = named(fn)
	go fn()
	server := &http.Server{}
	server.RegisterOnShutdown(fn)
}

func handler(h http.Handler) http.Handler {
	h = httpctx.Middleware(h)
	h = http.TimeoutHandler(h, time.Second, "late")
	return h
}

func wrapped(h http.Handler) http.Handler {
	h = http.TimeoutHandler(httpctx.Middleware(h), time.Second, "late")
	return h
}

func rec() {
	var step func()
	step = gls.Bind(func() { user.Get(); step() })
	go step()
}

func once(load func() string) func() string {
	load = sync.OnceValue(load)
	go load()
	return load
}

func events(s interface{ OnClose(func()) }, fn func()) {
	fn = gls.Bind(fn)
	s.OnClose(fn)
}

func onceFunc(fn func()) func() {
	fn = gls.Bind(fn)
	return sync.OnceFunc(fn)
}
