package once

import (
	"net/http"
	"sync"

	"github.com/ambient-go/ambient/httpctx"
)

type scratch struct {
	user  string
	host  string
	rows  []string
	attrs map[string]string
	req   *http.Request
	id    string
	buf   buffer
}

type buffer struct{ text string }

func (b *buffer) Reset() { b.text = "" }

var scratches = sync.Pool{New: func() any { return new(scratch) }}

func branch() {
	s := scratches.Get().(*scratch)
	if t, ok := tenant.Get(); ok {
		s.user = t
	}
	scratches.Put(s) // want `^s goes back to the sync.Pool with what this request gave in s.user, which not every use sets: the next request may find it there; clear the field before Put$`
}

func deferredPut() {
	s := scratches.Get().(*scratch)
	defer scratches.Put(s) // want `s goes back to the sync.Pool with what this request gave in s.user`
	switch t, _ := tenant.Get(); t {
	case "public":
	default:
		s.user = t
	}
}

func appended() {
	s := scratches.Get().(*scratch)
	s.rows = append(s.rows, tenant.GetOrFail())
	scratches.Put(s) // want `what this request gave in s.rows`
}

func entered() {
	s := scratches.Get().(*scratch)
	s.attrs["tenant"] = tenant.GetOrFail()
	scratches.Put(s) // want `what this request gave in s.attrs\["tenant"\]`
}

// Each use sets it first.
func always(w http.ResponseWriter, r *http.Request) {
	s := scratches.Get().(*scratch)
	s.req = r // ok: nobody finds it
	s.user = tenant.GetOrFail()
	scratches.Put(s)
}

func inBranch(b bool) {
	if b {
		s := scratches.Get().(*scratch)
		s.user = tenant.GetOrFail() // ok: the branch is the use
		scratches.Put(s)
	}
}

// The package empties it.
func emptied() {
	s := scratches.Get().(*scratch)
	if c, ok := httpctx.Get(); ok {
		s.id = c.ID()
	}
	s.id = ""
	scratches.Put(s) // ok
}

func elsewhere(s *scratch) { s.host = "" }

func emptiedElsewhere() {
	s := scratches.Get().(*scratch)
	if c, ok := httpctx.Get(); ok {
		s.host = c.Request().Host
	}
	elsewhere(s)
	scratches.Put(s) // ok
}

func emptiedByMethod() {
	s := scratches.Get().(*scratch)
	if t, ok := tenant.Get(); ok {
		s.user = t
	}
	s.buf.Reset()
	scratches.Put(s) // ok: by its name it empties at least part of it
}

type entire struct{ user string }

var entires sync.Pool

func emptiedEntire() {
	s := entires.Get().(*entire)
	if t, ok := tenant.Get(); ok {
		s.user = t
	}
	*s = entire{}
	entires.Put(s) // ok
}
