package glsdebug

import (
	"cmp"
	"log/slog"
	"reflect"
	"slices"

	"github.com/ambient-go/ambient/internal/inspect"
)

// An inquiry collects the values of one page whose LogValue is called. A value that several
// goroutines share is called once.
type inquiry struct {
	everything bool // call LogValue of other types than httpctx.Context too
	values     []slog.LogValuer
	own        []bool                 // for each value, whether it is an httpctx.Context
	places     map[slog.LogValuer]int // indexes in values, of pointers only: other values may not be comparable
	keys       map[slog.LogValuer][]noted
	answers    []shown // the results for values, after ask
}

// A noted is a value and its index in the inquiry, or notAsked if its LogValue is not called.
type noted struct {
	inspect.Value
	place int
}

const notAsked = -1

func newInquiry(everything bool) *inquiry {
	return &inquiry{
		everything: everything,
		places:     make(map[slog.LogValuer]int),
		keys:       make(map[slog.LogValuer][]noted),
	}
}

// note adds a value, and the keys if it is a request.
func (q *inquiry) note(v inspect.Value) noted {
	n := noted{v, notAsked}
	valuer, ok := v.Value.(slog.LogValuer)
	if !ok {
		return n
	}
	var keys []inspect.Value
	isRequest := false
	if inspect.Keys != nil {
		keys, isRequest = inspect.Keys(valuer)
	}
	if !isRequest && !q.everything {
		return n
	}
	isPointer := reflect.TypeOf(valuer).Kind() == reflect.Pointer
	if isPointer {
		if place, again := q.places[valuer]; again {
			n.place = place
			return n
		}
		q.places[valuer] = len(q.values)
	}
	n.place = len(q.values)
	q.values, q.own = append(q.values, valuer), append(q.own, isRequest)
	for _, k := range keys {
		q.keys[valuer] = append(q.keys[valuer], q.note(k))
	}
	return n
}

// ask calls LogValue of the values: of an httpctx.Context here, because that never blocks, and of
// all others on goroutines that cannot hold up the page.
func (q *inquiry) ask() {
	q.answers = make([]shown, len(q.values))
	var others []slog.LogValuer
	for i, v := range q.values {
		if q.own[i] {
			q.answers[i] = guarded(v)
		} else {
			others = append(others, v)
		}
	}
	next := 0
	answers := readAll(others)
	for i := range q.answers {
		if !q.own[i] {
			q.answers[i] = answers[next]
			next++
		}
	}
}

// storage returns a value as the page shows it, and the request if the value is one, otherwise nil.
func (q *inquiry) storage(n noted, name string) (storage, *request) {
	s := storage{Name: name, Type: n.Type}
	if n.place == notAsked {
		return s, nil
	}
	a := q.answers[n.place]
	s.Value, s.Text, s.Why = a.json, a.text, a.why
	if a.request == nil {
		return s, nil
	}
	r := *a.request
	if valuer := q.values[n.place]; reflect.TypeOf(valuer).Kind() == reflect.Pointer {
		for _, k := range q.keys[valuer] {
			key, _ := q.storage(k, k.Storage)
			r.Keys = append(r.Keys, key)
		}
	}
	sortStorages(r.Keys)
	return s, &r
}

func sortStorages(all []storage) {
	slices.SortFunc(all, func(a, b storage) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Type, b.Type), cmp.Compare(a.Text, b.Text))
	})
}
