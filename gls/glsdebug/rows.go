package glsdebug

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// count fills in the totals that do not depend on the filter.
func (p *page) count() {
	type kind struct{ name, typ string }
	requests := make(map[string]struct{})
	kinds := make(map[kind]int)
	for _, r := range p.Goroutines {
		if r.Request != nil && !r.Request.Finished {
			requests[r.Request.key()] = struct{}{}
		}
		for _, s := range r.Storages {
			kinds[kind{s.Name, s.Type}]++
		}
	}
	p.Totals.Requests = len(requests)
	p.Storages = []storageTotal{}
	for k, n := range kinds {
		p.Storages = append(p.Storages, storageTotal{k.name, k.typ, n})
	}
	slices.SortFunc(p.Storages, func(a, b storageTotal) int {
		return cmp.Or(-cmp.Compare(a.Goroutines, b.Goroutines), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Type, b.Type))
	})
}

// matches reports whether each word, in lower case, is somewhere in the row.
func (r *row) matches(words []string) bool {
	var b strings.Builder
	add := func(texts ...string) {
		for _, t := range texts {
			b.WriteString(strings.ToLower(t))
			b.WriteByte('\n')
		}
	}
	add(strconv.FormatUint(r.ID, 10))
	for i := range r.Storages {
		add(r.Storages[i].Name, r.Storages[i].Type, r.Storages[i].Text)
	}
	if q := r.Request; q != nil {
		add(q.ID, q.Method+" "+q.Path, q.Pattern)
		for i := range q.Keys {
			add(q.Keys[i].Name, q.Keys[i].Type, q.Keys[i].Text)
		}
	}
	if o := r.Started; o != nil {
		add(strconv.FormatUint(o.By, 10), o.Function, o.Position, o.Runs, o.RunsPosition)
	}
	for _, w := range words {
		if !strings.Contains(b.String(), w) {
			return false
		}
	}
	return true
}

// sortRows sorts by age, the oldest first, unless by says otherwise. Of equal rows the smaller id
// comes first: ids grow in time, by and large.
func sortRows(rows []*row, by string) {
	by, reverse := strings.CutPrefix(by, "-")
	compare := func(a, b *row) int { return a.since.Compare(b.since) }
	switch by {
	case "id":
		compare = func(*row, *row) int { return 0 }
	case "request":
		compare = func(a, b *row) int { return cmp.Compare(a.requestLine(), b.requestLine()) }
	case "started":
		compare = func(a, b *row) int { return cmp.Compare(a.startedAt(), b.startedAt()) }
	case "storages":
		compare = func(a, b *row) int { return -cmp.Compare(len(a.Storages), len(b.Storages)) }
	}
	slices.SortFunc(rows, func(a, b *row) int {
		order := cmp.Or(compare(a, b), cmp.Compare(a.ID, b.ID))
		if reverse {
			return -order
		}
		return order
	})
}

// requestLine is the sort key of requests. Rows without a request come last.
func (r *row) requestLine() string {
	if r.Request == nil {
		return "\xff"
	}
	return r.Request.Path + " " + r.Request.Method + " " + r.Request.ID
}

// startedAt is the sort key of origins. Rows without a known origin come last.
func (r *row) startedAt() string {
	if r.Started == nil {
		return "\xff"
	}
	return r.Started.Function + " " + r.Started.Position
}
