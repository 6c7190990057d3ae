package a

import (
	"context"
	"net/http"
	"sort"
	"sync"
	"time"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/httpctx"

	"user"
)

var tenant = gls.New[string]("tenant")

var requestUser = httpctx.NewKey[int]("user")

func direct() string { // want direct:`^reads\(tenant.GetOrFail\)$`
	return tenant.GetOrFail()
}

func through() { // want through:`^reads\(current.GetOrFail through user.Current\)$`
	user.Current()
}

func far() { // want far:`^reads\(current.GetOrFail through a.through, user.Current\)$`
	defer through()
}

func all() { // want all:`^reads\(httpctx.Get; gls.Context; gls.Capture; tenant.Lookup\)$`
	httpctx.Get()
	httpctx.GetOrFail()
	requestUser.Get()
	<-gls.Context().Done()
	gls.Capture()
	tenant.Lookup()
}

// The storage is the caller's argument.
func generic() { // want generic:`^reads\(s.GetOrFail through user.Must\)$`
	user.Must(tenant)
}

func ownGeneric() {
	user.With(tenant, "x", func() { user.Must(tenant) })
}

func wrongGeneric() { // want wrongGeneric:`^reads\(tenant.Get\)$`
	other := gls.New[int]("")
	user.With(other, 1, func() { tenant.Get() })
}

// What sets the storage around the read needs nothing of its caller.
func own() {
	tenant.Run("a", func() { direct() })
	tenant.Exit(func() { direct() })
	gls.Call(tenant, "a", direct)
	gls.Run(all0, tenant.With("b"))
	gls.Isolate(through)
}

func all0() { // want all0:`reads`
	tenant.Get()
}

func ownUser() {
	user.Run(nil, through)
	user.Run(nil, func() { through() })
}

func ownHTTP(w http.ResponseWriter, r *http.Request) {
	httpctx.Run(w, r, func() { httpctx.Get(); gls.Context() })
	gls.RunContext(context.Background(), func() { gls.Context() })
	httpctx.RunOutside(func() { httpctx.Get() })
}

// Another storage is set, not the one that is read.
func ownWrong() { // want ownWrong:`^reads\(tenant.GetOrFail through a.direct\)$`
	user.Run(nil, func() { direct() })
}

func entered() {
	defer tenant.Enter("x").Leave()
	direct()
}

func enteredLate() { // want enteredLate:`reads`
	direct()
	defer tenant.Enter("x").Leave()
}

func enteredMaybe(b bool) { // want enteredMaybe:`reads`
	if b {
		tenant.Enter("x")
	}
	direct()
}

func left() { // want left:`reads`
	s := tenant.Enter("x")
	s.Leave()
	direct()
}

func notLeftYet() {
	s := tenant.Enter("x")
	direct()
	s.Leave()
}

func begin() gls.Scope { // want begin:`reads\(\)`
	return tenant.Enter("x")
}

func begun() {
	defer begin().Leave()
	direct()
}

// Captures read for what they start; a snapshot brings its own.
func captures() { // want captures:`reads`
	gls.Go(func() { direct() })
}

func binds() func() string { // want binds:`reads`
	return gls.Bind(direct)
}

func snapshot(s gls.Snapshot) {
	s.Run(func() { direct() })
	s.Go(all)
}

// Literals that are called, or handed to what calls them.
func literals() { // want literals:`reads`
	func() { direct() }()
}

func assigned() { // want assigned:`reads`
	f := func() { direct() }
	f()
}

func sorted(s []int) { // want sorted:`reads`
	sort.Slice(s, func(i, j int) bool { return direct() == "" })
}

func once(o *sync.Once) { // want once:`reads`
	o.Do(func() { direct() })
}

func goes() { // want goes:`reads`
	go direct()
}

func timed() { // want timed:`reads`
	time.AfterFunc(1, func() { direct() })
}

// It is meant to start without.
func detached() {
	//ambient:detached it has nothing to do with the caller
	go direct()
}

// Only made, for somebody else to call.
func made() (func(), func() string) { // want made:`^reads\(\)$`
	lazy := sync.OnceFunc(func() { direct() })
	_ = struct{ f func() string }{direct}
	return lazy, direct
}

func makesAndCalls() { // want makesAndCalls:`reads`
	f := maker()
	f()
	maker()()
}

func maker() func() string { return direct } // want maker:`^reads\(\)$`

// Servers call handlers in their own flow.
func routes() {
	http.HandleFunc("/", func(http.ResponseWriter, *http.Request) { httpctx.GetOrFail() })
	http.Handle("/x", httpctx.Middleware(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { direct() })))
}

type keeper struct{ kept []func() }

func (k *keeper) keep(f func()) { k.kept = append(k.kept, f) }

// It only keeps it.
func keeps(k *keeper) {
	k.keep(func() { direct() })
}

type reader interface{ read() }

type impl struct{}

func (impl) read() { direct() } // want read:`reads`

func static(i impl) { // want static:`reads`
	i.read()
}

// Nobody knows what it is.
func dynamic(r reader) { r.read() }

func methodValue(i impl) { // want methodValue:`reads`
	f := i.read
	f()
}

func retry(f func()) { f() } // want retry:`^reads\(\)$`

func retried() { // want retried:`reads`
	retry(func() { direct() })
}

func recursive(n int) { // want recursive:`reads`
	if n > 0 {
		recursive(n - 1)
	}
	mutual(n)
}

func mutual(n int) { // want mutual:`reads`
	recursive(n)
	direct()
}

var store user.Store[int]

func genericMethod() { // want genericMethod:`^reads\(s.values.GetOrFail through user.Store.Load\)$`
	store.Load()
}

func ownGenericMethod() {
	store.With(1, func() { store.Load() })
}

type derived struct{ user.Base }

func promoted(d derived) { // want promoted:`reads`
	d.Read()
}

func sometimes() { // want sometimes:`reads`
	user.Sometimes(true, func() { user.Current() })
}

// Only made.
func later() {
	f := user.Later(func() { user.Current() })
	_ = f
}

var current = func() *user.User { return user.Current() }

func packageVariable() { // want packageVariable:`reads`
	current()
}

func ranges() { // want ranges:`reads`
	for range func(yield func(int) bool) { direct() } {
	}
}

func condition() bool { // want condition:`reads`
	return direct() == "" || false
}

func evaluates() { // want evaluates:`reads`
	go println(direct())
}

func several() { // want several:`reads`
	tenant.Run("x", func() {
		direct()
		user.Current()
	})
}

func decorated() { // want decorated:`reads`
	user.Later(func() { user.Current() })()
	decorate(nil)()
}

func decorated2() { // want decorated2:`reads`
	f := decorate(user.Later(func() { user.Current() }))
	f()
}

func decorate(f func()) func() { return f } // want decorate:`^reads\(\)$`

func carrying(f func()) func() { return gls.Bind(f) } // want carrying:`^reads\(\)$`

// Bind captures where carrying is called: that is the read.
func carried() { // want carried:`reads`
	f := carrying(func() { user.Current() })
	f()
}

func withUser(f func()) func() { // want withUser:`^reads\(\)$`
	return func() { user.Run(nil, f) }
}

func ownDecorated() {
	withUser(func() { user.Current() })()
}

type button struct {
	click  func()
	quiet  func()
	either func()
	both   func()
}

func newButton() *button {
	return &button{click: func() { user.Current() }, quiet: func() {}, either: func() { user.Current() }}
}

func (b *button) press() { // want press:`^reads\(current.GetOrFail through user.Current\)$`
	b.click()
}

func (b *button) silent() { b.quiet() } // ok: it reads nothing

func (b *button) other() {
	b.either = func() {}
	b.either() // ok: which one it is is not known
}

func (b *button) toggle() { b.both() } // want toggle:`^reads\(current.GetOrFail through user.Current\)$`

func (b *button) set() {
	b.both = func() { user.Current() }
}

func (b *button) reset() {
	b.both = nil
	b.both = func() { println(); user.Current() }
}

// Functions in maps, in slices and behind pointers.

var table = map[string]func(){
	"loud":  func() { user.Current() },
	"quiet": func() {},
}

func looked(key string) { // want looked:`reads`
	table[key]()
}

func lookedLater(key string) { // want lookedLater:`reads`
	if f, ok := table[key]; ok {
		f()
	}
}

func lookedQuiet() { table["quiet"]() } // ok: this one reads nothing

func lookedLoud() { table["loud"]() } // want lookedLoud:`reads`

func steps() { // want steps:`reads`
	all := []func(){func() {}}
	all = append(all, func() { user.Current() })
	for _, f := range all {
		f()
	}
}

func quietSteps() {
	for _, f := range []func(){func() {}} {
		f()
	}
}

type registry struct {
	routes map[string]func()
	more   []func()
}

func (r *registry) add(name string, f func()) {
	r.routes[name] = f
	r.more = append(r.more, f)
}

func (r *registry) call(name string) { // ok: the functions are given to it
	r.routes[name]()
	for _, f := range r.more {
		f()
	}
}

type router struct{ of map[string][]func() }

func newRouter() *router {
	r := &router{of: map[string][]func(){}}
	r.of["x"] = []func(){func() { user.Current() }}
	return r
}

func (r *router) call(name string) { // want call:`reads`
	for _, f := range r.of[name] {
		f()
	}
}

func pointed() { // want pointed:`reads`
	f := func() { user.Current() }
	p := &f
	(*p)()
}

type step struct {
	name string
	run  func()
}

func structs() { // want structs:`reads`
	s := step{run: func() { user.Current() }}
	s.run()
}

func quietStructs() { // ok: this one reads nothing
	s := step{run: func() {}}
	s.run()
}

func plan() { // want plan:`reads`
	for _, s := range []*step{{"one", func() {}}, {name: "two", run: func() { user.Current() }}} {
		s.run()
	}
}

// Bound ones read where they are bound.
func boundSteps() { // want boundSteps:`reads`
	for _, f := range []func(){gls.Bind(func() { user.Current() })} {
		f()
	}
}

func swapped() {
	a, b := []func(){nil}, []func(){nil}
	a[0], b[0] = b[0], a[0]
	a[0]()
	table["x"] = table["y"]
}

func built() { // want built:`reads`
	f, err := build()
	if err == nil {
		f()
	}
}

func build() (func(), error) { return func() { user.Current() }, nil } // want build:`^reads\(\)$`

func storedByKey(key string) { // want storedByKey:`reads`
	m := map[string]func(){}
	m["loud"] = func() { user.Current() }
	m["quiet"] = func() {}
	m[key]()
}

func storedQuiet() { // ok: this one reads nothing
	m := map[string]func(){}
	m["loud"] = func() { user.Current() }
	m["quiet"] = func() {}
	m["quiet"]()
}

func positions() { // ok: the first one reads nothing
	all := [2]func(){func() {}, func() { user.Current() }}
	p := &all
	all[0]()
	p[0]()
}

func anyPosition() { // want anyPosition:`reads`
	all := []func(){func() {}, func() { user.Current() }}
	for i := range all {
		all[i]()
	}
}

// What it holds comes from itself.
type graph struct {
	Next map[string][]func()
	next map[string][]func()
}

func (g *graph) add(k string, f func()) {
	g.Next[k] = append(g.Next[k], f)
	g.next[k] = append(g.next[k], f)
	g.next = g.Next
	g.Next = g.next
	g.next = nil
	g.Next[k][0]()
	g.next[k][0]()
	for _, f := range g.next[k] {
		f()
	}
}

func pairs(yield func(string, func()) bool) { // want pairs:`reads`
	user.Current()
	yield("", func() {})
}

func callsPaired() { // ok: f is not the iterator
	var f func()
	user.Run(nil, func() {
		for _, f = range pairs {
		}
	})
	f()
}
