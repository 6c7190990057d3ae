package glsdebug

import (
	"net/http"
	"strconv"
	"time"
)

// An Option is an option of Handler.
type Option interface{ apply(*handler) }

type optionFunc func(*handler)

func (f optionFunc) apply(h *handler) { f(h) }

// WithAccess lets allowed decide which requests are served, instead of serving clients on this
// machine alone. It is for programs that know their administrators:
//
//	glsdebug.Handler(glsdebug.WithAccess(func(r *http.Request) bool { return isAdmin(r) }))
//
// A reader of the page sees what the program's values log about themselves, and can stop the
// program for up to a seventh of a second at a time by asking for stacks. With WithToken, both must
// let a request pass. WithAccess panics if allowed is nil.
func WithAccess(allowed func(*http.Request) bool) Option {
	if allowed == nil {
		panic("glsdebug.WithAccess: nil function")
	}
	return optionFunc(func(h *handler) { h.allowed = allowed })
}

// WithValues shows the values of storages and of requests' keys whose types implement
// slog.LogValuer, as their LogValue returns them. Without it only the LogValue of httpctx.Context
// is called, which is safe for this. LogValue is called on another goroutine than the one that
// carries the value, while that goroutine goes on: every LogValue must be safe for it. A LogValue
// that reads a map which its goroutine writes, say, ends the program.
func WithValues() Option {
	return optionFunc(func(h *handler) { h.values = true })
}

// Handler returns the handler of the page. It serves clients on this machine that no proxy stands
// in front of, as far as a request tells, unless WithToken or WithAccess says otherwise. Handlers
// share what they know about goroutines, so one in a program is as good as several.
func Handler(opts ...Option) http.Handler {
	h := new(handler)
	for _, o := range opts {
		o.apply(h)
	}
	return h
}

type handler struct {
	allowed func(*http.Request) bool // nil for clients on this machine
	token   *token                   // nil without one
	values  bool                     // call LogValue of other types than httpctx.Context too
}

// pageLimit is the number of rows of the page unless limit says otherwise. A browser takes a second
// for ten times as many.
const pageLimit = 1000

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	if reason := h.refuse(r); reason != "" {
		http.Error(w, reason, http.StatusForbidden)
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		header.Set("Allow", "GET, HEAD")
		http.Error(w, "glsdebug: only GET and HEAD", http.StatusMethodNotAllowed)
		return
	}
	query := r.URL.Query()
	if h.token != nil && query.Has(tokenParameter) && query.Get("format") != "json" {
		h.token.keep(w, r, query)
		return
	}
	asJSON := false
	switch format := query.Get("format"); format {
	case "", "html":
	case "json":
		asJSON = true
	default:
		http.Error(w, "glsdebug: format is html or json", http.StatusBadRequest)
		return
	}
	if text := query.Get("stack"); text != "" {
		serveStack(w, text, asJSON)
		return
	}
	ask := question{
		filter:  query.Get("q"),
		sort:    query.Get("sort"),
		limit:   pageLimit,
		origins: query.Get("origins") == "1",
		values:  h.values,
	}
	if asJSON {
		ask.limit = 0
	}
	if n, err := strconv.Atoi(query.Get("limit")); err == nil && n >= 0 {
		ask.limit = n
	}
	began := time.Now()
	p := answer(ask)
	if asJSON {
		writeJSON(w, http.StatusOK, p)
		return
	}
	writePage(w, view{Page: p, Ask: ask, Took: time.Since(began)})
}
