package a

import (
	"net/http"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/httpctx"

	"user"
)

var tenant = gls.New[string]("tenant")

func audit(string) { _, _ = tenant.Get() }

func direct() {
	go func() { // want `go statement starts a goroutine with nothing set, and it reads tenant.Get: start it with gls.Go`
		tenant.Get()
	}()
}

func calls() {
	go audit("x") // want `reads tenant.Get through a.audit: `
}

func packages() {
	go user.Current() // want `reads current.GetOrFail through user.Current: `
}

func request() {
	go func() { // want `reads httpctx.Lookup: `
		defer func() { httpctx.Lookup() }()
	}()
}

// The goroutine asks for the request, and for what was set by a caller of a caller.
func inside() {
	go func() { // want `reads tenant.Get through a.audit: `
		done := make(chan bool)
		go func() { // want `reads tenant.Get through a.audit: `
			audit("")
			close(done)
		}()
		<-done
	}()
}

// Ok: it is carried.
func carried() {
	gls.Go(func() { audit("") })
	go gls.Bind(func() { audit("") })()
	snapshot := gls.Capture()
	go snapshot.Run(func() { audit("") })
}

// Ok: the argument is read here, not there.
func argument() {
	go func(u *user.User) { _ = u.ID }(user.Current())
	go println(user.Current().ID)
}

// Ok: it sets for itself what it reads.
func own() {
	go user.Run(nil, func() { user.Current() })
	go func() {
		defer tenant.Enter("night").Leave()
		audit("")
	}()
	go tenant.Run("night", func() { audit("") })
}

// Ok: it asks for nothing that is ambient.
func plain(ch chan int) {
	go func() { ch <- 1 }()
	go close(ch)
}

// Ok: servers run handlers in flows of their own.
func serve() {
	go func() {
		http.HandleFunc("/", func(http.ResponseWriter, *http.Request) { httpctx.GetOrFail() })
		_ = http.ListenAndServe(":80", nil)
	}()
}

type reader interface{ read() }

// Ok: nobody knows what an interface's method reads.
func dynamic(r reader) {
	go r.read()
}

func silenced() {
	//ambient:detached it counts for everybody
	go audit("")
	go audit("") //ambient:detached it counts for everybody
	go func() {  //ambient:detached it counts for everybody
		audit("")
	}()
	go audit("") // want `reads tenant.Get`
	// The sweeper runs for all tenants.
	//
	//ambient:detached it counts for everybody
	go audit("")
}

func unreasoned() {
	//ambient:detached // want `//ambient:detached without a reason: say behind it why`
	go audit("")
	// A directive is for the next statement, not for the one after it.
	//ambient:detached it counts for everybody

	go audit("") // want `reads tenant.Get`
	//ambient:detachedness is another word
	go audit("") // want `reads tenant.Get`
}
