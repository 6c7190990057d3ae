// Package cycles has functions, values and types that lead to themselves: the analyzers that follow them must end.
package cycles

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/httpctx"
)

var s = gls.New[string]("s")

func scopes() {
	var a, b func() gls.Scope
	a = func() gls.Scope { return b() }
	b = func() gls.Scope { return a() }
	a()
	b()
	defer a().Leave()
}

func funcs() {
	var a, b func() func()
	a = func() func() { return b() }
	b = func() func() { return a() }
	go a()()
	go b()()
	gls.Go(a())
	var c, d func()
	c = func() { s.Get(); d() }
	d = func() { c() }
	go c()
	go d()
	c = gls.Bind(d)
	d = gls.Bind(c)
	e := func() {}
	f := e
	e = f
	go e()
	go f()
	gls.Go(f)
	time.AfterFunc(1, e)
}

type node struct {
	next *node
	fn   func()
	fns  map[string]func()
	self interface{ Do() }
	ch   chan func()
	c    *httpctx.Context
	ctx  context.Context
}

func (n *node) Do() { n.self.Do(); n.fn(); n.next.Do() }

var root = &node{}
var g1, g2 func()

func init() { g1 = func() { g2() }; g2 = func() { g1() } }

func g3() { g2() }

func loop(n *node) {
	for n != nil {
		n = n.next
		n.fn = n.next.fn
		n.next.fn = n.fn
		n.fn = gls.Bind(n.fn)
		n.c = n.next.c
		root.c = n.c
		n.ctx = n.next.ctx
		go n.fn()
		go n.Do()
		gls.Go(n.fn)
		gls.Go(n.Do)
		for f := range n.ch {
			f()
			n.ch <- f
			go f()
		}
	}
}

type rec[T any] struct{ inner *rec[T] }
type rec2[T any] struct{ v T }

type F func(F) F

func apply(f F) F { f = gls.Bind(f); return f(f) }
func fix(f F) F   { return fix(f(f)) }
func runF(f F)    { go f(f); go apply(f); gls.Go(func() { runF(f) }); apply(apply)(fix) }

func rec1(f func()) { rec22(f) }
func rec22(f func()) {
	f = func() { rec1(f) }
	f = gls.Bind(f)
	go f()
	rec1(f)
}
func useRec() { rec1(func() { s.Get() }); rec22(func() { httpctx.Get() }) }

type T1 struct{ *T2 }
type T2 struct{ *T1 }
type I1 interface{ M() I2 }
type I2 interface{ N() I1 }
type P *P
type M map[string]M
type S []S
type Ch chan Ch

func weird(p P, m M, l S, c Ch, i I1, t *T1) {
	p = *p
	*p = p
	m["a"] = m
	l[0] = l
	c <- c
	c = <-c
	l = append(l, l)
	i = i.M().N()
	if v, ok := m["a"]; ok {
		m = v
	}
	go func() { c <- c; i.M() }()
	gls.Go(func() { c <- c; i.M() })
	q := &p
	p = *q
	t = t.T2.T1
	fmt.Println(p, m, l, c, i, t)
}

func wgs() {
	var wg *sync.WaitGroup
	w2 := wg
	wg = w2
	w2 = wg
	wg.Go(func() { s.Get(); w2.Wait() })
	a := make(chan int)
	b := a
	a = b
	gls.Go(func() { a <- 1; <-b })
	<-a
	var d, e = &wg, &w2
	d, e = e, d
	(*d).Go(func() { s.Get() })
}

func handlers(w http.ResponseWriter, r *http.Request) {
	r = r.WithContext(r.Context())
	var h, k http.HandlerFunc
	h = func(w http.ResponseWriter, r *http.Request) { k(w, r) }
	k = func(w http.ResponseWriter, r *http.Request) { h(w, r) }
	h = k
	k = h
	var hh http.Handler = h
	hh = httpctx.Middleware(hh)
	hh = http.TimeoutHandler(hh, 1, "")
	hh = httpctx.Middleware(hh)
	h2 := hh
	hh = h2
	hh.ServeHTTP(w, r)
	ctx := r.Context()
	ctx = context.WithValue(ctx, 1, ctx)
	c2 := ctx
	ctx = c2
	root.ctx = ctx
	http.Handle("/", hh)
}

func self() func()    { return self() }
func mutual1() func() { return mutual2() }
func mutual2() func() { return mutual1() }
func sc1() gls.Scope  { return sc2() }
func sc2() gls.Scope  { return sc1() }

func useSelf() {
	go self()()
	go mutual1()()
	time.AfterFunc(1, mutual2())
	sc1()
	x := sc2()
	x = x
	y := x.Leave
	y = y
	defer y()
	var once sync.Once
	once.Do(self())
	once.Do(func() { once.Do(useSelf) })
	var lv, lw func()
	lv = func() { lw() }
	lw = func() { lv() }
	lv()
	var ov func() string
	ov = sync.OnceValue(func() string { return ov() })
	ov = sync.OnceValue(ov)
	ov()
	var m sync.Map
	v, _ := m.Load("a")
	v, _ = m.LoadOrStore(v, v)
	m.Store(v, v)
	v = v.(fmt.Stringer)
}

func seq(yield func(int) bool) { seq(yield); s.Run("x", func() { yield(1); seq(yield) }) }
func seq2() func(func(int) bool) {
	return func(y func(int) bool) { seq2()(y); s.Run("a", func() { y(1) }) }
}

var key = httpctx.NewKey[func()]("k")
var fnS = gls.New[func()]("fn")

func stored() {
	f, _ := fnS.Get()
	fnS.Run(f, f)
	f = fnS.GetOrFail()
	fnS.Run(func() { f() }, f)
	fnS.Run(f, stored)
	fnS.Enter(f)
	gls.Go(fnS.GetOrFail())
	go fnS.GetOrFail()()
	k, _ := key.Get()
	k = gls.Bind(k)
	go k()
	snap := gls.Capture()
	snap = snap.With(fnS.With(f))
	snap.Run(f)
	s2 := snap
	snap = s2
	snap.Go(func() { snap.Run(func() { s2.Run(stored) }) })
}
func deep() {
	var a, b, c func() func() gls.Scope
	a = func() func() gls.Scope { return b() }
	b = func() func() gls.Scope { return c() }
	c = func() func() gls.Scope { return a() }
	a()()
	x := a()
	x()
	defer x().Leave()
}
