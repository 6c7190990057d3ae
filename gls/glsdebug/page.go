package glsdebug

import (
	"cmp"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/internal/goroutine"
	"github.com/ambient-go/ambient/internal/inspect"
)

// What the answer consists of; doc.go explains the fields.
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
		Goroutines  []*row         `json:"goroutines"`
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

		since time.Time
	}
	request struct {
		ID       string    `json:"id"`
		Method   string    `json:"method"`
		Path     string    `json:"path"`
		Pattern  string    `json:"pattern"`
		Start    time.Time `json:"start"`
		Age      float64   `json:"age_seconds"`
		Finished bool      `json:"finished"`
	}
	storage struct {
		Name  string `json:"name"`
		Type  string `json:"type"`
		Value any    `json:"value,omitempty"`
		Text  string `json:"-"`

		InRequest bool   `json:"-"`                   // the page has the value in another column
		Why       string `json:"not_shown,omitempty"` // why a value with a LogValue is not
	}
	origin struct {
		By           uint64 `json:"by"`
		Function     string `json:"function"`
		Position     string `json:"position"`
		Runs         string `json:"runs,omitempty"`
		RunsPosition string `json:"runs_position,omitempty"`
	}
)

// A question is what a request asks for.
type question struct {
	filter  string
	sort    string
	limit   int // 0 for all
	origins bool
}

// answer looks at the program.
func answer(ask question) *page {
	list, known := look(ask.origins)
	now := time.Now()
	p := &page{
		Time: now, Program: filepath.Base(os.Args[0]), PID: os.Getpid(), Go: runtime.Version(),
		Propagation: gls.Propagation().String(),
		Totals:      totals{Goroutines: runtime.NumGoroutine(), Carrying: len(list)},
		Losses:      lossList(),
		Goroutines:  rows(list, known, now),
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
	return p
}

// lossList is what has been lost since the first look.
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

// rows asks the values that log themselves, those that several goroutines share once.
func rows(list []inspect.Goroutine, known map[uint64]met, now time.Time) []*row {
	var values []slog.LogValuer
	asked := make(map[slog.LogValuer]int) // pointers only: other values may not be comparable
	index := make([]int, 0, 2*len(list))
	for i := range list {
		for _, v := range list[i].Values {
			valuer, ok := v.Value.(slog.LogValuer)
			if !ok {
				index = append(index, -1)
				continue
			}
			if reflect.TypeOf(valuer).Kind() == reflect.Pointer {
				if at, again := asked[valuer]; again {
					index = append(index, at)
					continue
				}
				asked[valuer] = len(values)
			}
			index = append(index, len(values))
			values = append(values, valuer)
		}
	}
	answers := readAll(values)
	all := make([]*row, len(list))
	for i := range list {
		g := &list[i]
		r := newRow(g.ID, known[g.ID])
		for j, v := range g.Values {
			s := storage{Name: storageName(v.Storage), Type: v.Type}
			if at := index[j]; at >= 0 {
				a := answers[at]
				s.Value, s.Text, s.Why = a.json, a.text, a.why
				s.InRequest = r.belong(a.request, now)
			}
			r.Storages = append(r.Storages, s)
		}
		index = index[len(g.Values):]
		slices.SortFunc(r.Storages, func(a, b storage) int {
			return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Type, b.Type))
		})
		r.Age = max(now.Sub(r.since).Seconds(), 0)
		all[i] = r
	}
	return all
}

func newRow(id uint64, m met) *row {
	r := &row{ID: id, AgeOf: "seen", since: m.first, Started: m.origin, Exited: m.exited}
	if b, ok := births.Load(id); ok {
		r.AgeOf, r.since = "goroutine", b.(birth).at
	}
	return r
}

// belong makes the goroutine one of the request, unless it is one of another. Nil is none.
func (r *row) belong(value *request, now time.Time) bool {
	if value == nil || r.Request != nil {
		return false
	}
	own := *value
	own.Age = max(now.Sub(own.Start).Seconds(), 0)
	r.Request, r.AgeOf, r.since = &own, "request", own.Start
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
