package glsdebug

import (
	"fmt"
	"slices"
)

// A group is the goroutines of one request in the list, or those that belong to no request.
type group struct {
	*request          // as the first goroutine has it; nil without one
	IDs      []uint64 `json:"goroutines"`

	rows []*row
}

// group puts the rows into groups, in the order of the first row of each.
func (p *page) group() {
	p.Requests, p.rest = []*group{}, new(group)
	known := make(map[string]*group)
	for _, r := range p.Goroutines {
		g := p.rest
		if r.Request != nil {
			key := r.Request.key()
			if g = known[key]; g == nil {
				g = &group{request: r.Request}
				known[key] = g
				p.Requests = append(p.Requests, g)
			}
		}
		g.IDs, g.rows = append(g.IDs, r.ID), append(g.rows, r)
	}
}

// key identifies the request. GoDetached's copy of a request has the same id and start, and so the
// same key.
func (r *request) key() string { return fmt.Sprint(r.Start.UnixNano(), "-", r.ID) }

// A section is a group as page.html shows it.
type section struct {
	Key     string
	Request *request
	Common  []storage // storages that all rows have, without the keys of the request
	Keys    []storage // keys of the request that all rows have
	Rows    []line
}

// A line is a row of a section, with the storages and keys that not all rows have.
type line struct {
	*row
	Own     []storage
	OwnKeys []storage
	Other   *request // the row's request if it differs from the section's, as below a prefix or after GoDetached; or nil
}

// Sections returns the groups. The goroutines without a request come last.
func (p *page) Sections() []section {
	var all []section
	for _, g := range p.Requests {
		all = append(all, g.section())
	}
	if len(p.rest.rows) > 0 {
		s := section{Key: "none"}
		for _, r := range p.rest.rows {
			s.Rows = append(s.Rows, line{row: r, Own: r.Storages})
		}
		all = append(all, s)
	}
	return all
}

// section returns the group as page.html shows it: storages that all rows have stand in the section
// alone.
func (g *group) section() section {
	s := section{Key: g.key(), Request: g.request}
	s.Common, s.Keys = g.rows[0].Storages, g.rows[0].Request.Keys
	for _, r := range g.rows[1:] {
		s.Common, _ = split(s.Common, r.Storages)
		s.Keys, _ = split(s.Keys, r.Request.Keys)
	}
	for _, r := range g.rows {
		l := line{row: r}
		_, l.Own = split(s.Common, r.Storages)
		_, l.OwnKeys = split(s.Keys, r.Request.Keys)
		if q := r.Request; q.Method != s.Request.Method || q.Path != s.Request.Path || q.Finished != s.Request.Finished {
			l.Other = q
		}
		s.Rows = append(s.Rows, l)
	}
	return s
}

// split returns the storages that all and others have in common, and the rest of others.
func split(all, others []storage) (common, rest []storage) {
	rest = slices.Clone(others)
	for i := range all {
		at := slices.IndexFunc(rest, all[i].looksLike)
		if at >= 0 {
			common, rest = append(common, all[i]), slices.Delete(rest, at, at+1)
		}
	}
	return common, rest
}

// looksLike reports whether the page shows both storages alike.
func (s storage) looksLike(other storage) bool {
	return s.Name == other.Name && s.Type == other.Type && s.Why == other.Why &&
		(s.Text == other.Text || s.InRequest && other.InRequest)
}
