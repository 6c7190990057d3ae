package glsdebug

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/internal/goroutine"
	"github.com/ambient-go/ambient/internal/inspect"
)

// The parts of an answer; doc.go explains the fields.
type (
	page struct {
		Time        time.Time      `json:"time"`
		Program     string         `json:"program"`
		PID         int            `json:"pid"`
		Go          string         `json:"go"`
		Propagation string         `json:"propagation"`
		Totals      totals         `json:"totals"`
		Storages    []storageTotal `json:"storages"`
		Losses      []loss         `json:"losses"`
		Requests    []*group       `json:"requests"`
		Goroutines  []*row         `json:"goroutines"`
		Note        string         `json:"note,omitempty"` // why the runtime was not asked for stacks

		rest *group // the goroutines that belong to no request
	}
	loss struct {
		Storage      string    `json:"storage"`
		Type         string    `json:"type"`
		Function     string    `json:"function"`
		Position     string    `json:"position"`
		Count        int       `json:"count"`
		Last         time.Time `json:"last"`
		Read         string    `json:"read,omitempty"`
		ReadPosition string    `json:"read_position,omitempty"`
	}
	totals struct {
		Goroutines     int `json:"goroutines"`
		Carrying       int `json:"carrying"`
		Matching       int `json:"matching"`
		Shown          int `json:"shown"`
		Requests       int `json:"requests"`
		UnknownOrigins int `json:"unknown_origins"`
	}
	storageTotal struct {
		Name       string `json:"name"`
		Type       string `json:"type"`
		Goroutines int    `json:"goroutines"`
	}
	row struct {
		ID       uint64    `json:"id"`
		Age      float64   `json:"age_seconds"`
		AgeOf    string    `json:"age_of"`
		Request  *request  `json:"request,omitempty"`
		Storages []storage `json:"storages"`
		Started  *origin   `json:"started,omitempty"`
		Exited   bool      `json:"exited"`
		Self     bool      `json:"this_request"`

		since   time.Time
		OwnAge  float64 `json:"-"` // the goroutine's own age, also if it belongs to a request
		AtLeast bool    `json:"-"` // OwnAge counts from when the page first saw it
	}
	request struct {
		ID       string    `json:"id"`
		Method   string    `json:"method"`
		Path     string    `json:"path"`
		Pattern  string    `json:"pattern"`
		Start    time.Time `json:"start"`
		Age      float64   `json:"age_seconds"`
		Finished bool      `json:"finished"`
		Keys     []storage `json:"keys,omitempty"`
	}
	storage struct {
		Name  string `json:"name"`
		Type  string `json:"type"`
		Value any    `json:"value,omitempty"`
		Text  string `json:"-"`

		InRequest bool   `json:"-"`                   // the page has the value in another column
		Why       string `json:"not_shown,omitempty"` // why a value with a LogValue is not shown
	}
	origin struct {
		By           uint64 `json:"by"`
		Function     string `json:"function"`
		Position     string `json:"position"`
		Runs         string `json:"runs,omitempty"`
		RunsPosition string `json:"runs_position,omitempty"`
	}
)

// A question holds the parameters of a request.
type question struct {
	filter  string
	sort    string
	limit   int // 0 for all
	origins bool
	values  bool // call LogValue of other types than httpctx.Context too
}

// answer describes the program's goroutines.
func answer(ask question) *page {
	list, known, note := look(ask.origins)
	now := time.Now()
	p := &page{
		Time: now, Program: filepath.Base(os.Args[0]), PID: os.Getpid(), Go: runtime.Version(),
		Propagation: gls.Propagation().String(),
		Totals:      totals{Goroutines: runtime.NumGoroutine(), Carrying: len(list)},
		Losses:      lossList(),
		Goroutines:  rows(list, known, ask.values, now),
		Note:        note,
	}
	p.count()
	for _, r := range p.Goroutines {
		r.Self = r.ID == goroutine.ID()
	}
	if words := strings.Fields(strings.ToLower(ask.filter)); len(words) > 0 {
		p.Goroutines = slices.DeleteFunc(p.Goroutines, func(r *row) bool { return !r.matches(words) })
	}
	p.Totals.Matching = len(p.Goroutines)
	sortRows(p.Goroutines, ask.sort)
	if ask.limit > 0 && len(p.Goroutines) > ask.limit {
		p.Goroutines = p.Goroutines[:ask.limit]
	}
	p.Totals.Shown = len(p.Goroutines)
	for _, r := range p.Goroutines {
		if r.Started == nil && !r.Exited {
			p.Totals.UnknownOrigins++
		}
	}
	p.group()
	return p
}

// lossList returns the losses since the first look.
func lossList() []loss {
	list := []loss{}
	for _, l := range lost.List() {
		list = append(list, loss{
			Storage: storageName(l.Storage), Type: l.Type, Function: l.Function, Position: l.Position,
			Count: l.Count, Last: l.Last, Read: l.Read.Function, ReadPosition: l.Read.Position,
		})
	}
	return list
}

// rows describes the goroutines.
func rows(list []inspect.Goroutine, known map[uint64]met, values bool, now time.Time) []*row {
	inquiry := newInquiry(values)
	all := make([]*row, len(list))
	carried := make([][]noted, len(list))
	for i := range list {
		for _, v := range list[i].Values {
			carried[i] = append(carried[i], inquiry.note(v))
		}
	}
	inquiry.ask()
	for i := range list {
		r := newRow(list[i].ID, known[list[i].ID], now)
		for _, v := range carried[i] {
			s, request := inquiry.storage(v, storageName(v.Storage))
			s.InRequest = r.belong(request, now)
			r.Storages = append(r.Storages, s)
		}
		sortStorages(r.Storages)
		r.Age = max(now.Sub(r.since).Seconds(), 0)
		all[i] = r
	}
	return all
}

func newRow(id uint64, m met, now time.Time) *row {
	r := &row{ID: id, AgeOf: "seen", since: m.first, Started: m.origin, Exited: m.exited}
	if b, ok := births.Load(id); ok {
		r.AgeOf, r.since = "goroutine", b.(birth).at
	}
	r.OwnAge, r.AtLeast = max(now.Sub(r.since).Seconds(), 0), r.AgeOf == "seen"
	return r
}

// belong assigns the goroutine to the request, unless it belongs to another or the request is nil.
// It reports whether it did.
func (r *row) belong(value *request, now time.Time) bool {
	if value == nil || r.Request != nil {
		return false
	}
	value.Age = max(now.Sub(value.Start).Seconds(), 0)
	r.Request, r.AgeOf, r.since = value, "request", value.Start
	return true
}

// storageName returns the name that New was given, "" without one.
func storageName(s string) string {
	name, err := strconv.Unquote(s)
	if err != nil {
		return ""
	}
	return name
}
