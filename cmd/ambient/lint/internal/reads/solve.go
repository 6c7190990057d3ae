package reads

import (
	"go/types"
	"maps"
	"slices"

	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/known"
)

// solve adds the reads of each function to its callers until nothing changes.
func (w *walker) solve() {
	for changed := true; changed; {
		changed = false
		for _, n := range slices.Backward(w.nodes) { // callees tend to stand below their callers
			changed = n.update() || changed
		}
	}
}

func (n *node) update() bool {
	changed := false
	for i := range n.items {
		it := &n.items[i]
		for _, r := range it.reading() {
			changed = merge(&n.reads, r) || changed
		}
		for _, p := range it.running() {
			changed = runs(&n.params, p) || changed
		}
	}
	for i := range n.outs {
		for _, r := range n.outs[i].reading() {
			changed = merge(&n.results, r) || changed
		}
		for _, p := range n.outs[i].running() {
			changed = runs(&n.outRuns, p) || changed
		}
	}
	return changed
}

// merge adds r unless the same state is read already. A certain read replaces one that is only
// Passed.
func merge(reads *[]Read, r Read) bool {
	for i, old := range *reads {
		if old.key() == r.key() {
			if old.Passed && !r.Passed {
				(*reads)[i] = r
				return true
			}
			return false
		}
	}
	if len(*reads) >= maxReads && r.Kind == Storage && r.Name != "" {
		r.Name = ""
		return merge(reads, r)
	}
	*reads = append(*reads, r)
	return true
}

// In a large program some functions read nearly every storage, through long chains of calls. To
// keep facts small, a read beyond maxReads is one of an unknown storage, and a chain longer than
// maxVia loses its middle.
const (
	maxReads = 16
	maxVia   = 5
)

// through adds fn in front of the functions on the way to a read.
func through(fn *types.Func, via []string) []string {
	via = slices.Concat([]string{funcName(fn)}, via)
	if n := len(via); n > maxVia {
		via = []string{via[0], via[1], "...", via[n-2], via[n-1]}
	}
	return via
}

// runs adds a parameter that is called. Its Sets are what is set at all the calls.
func runs(params *map[int]Param, p Param) bool {
	if *params == nil {
		*params = map[int]Param{}
	}
	if old, ok := (*params)[p.Index]; ok {
		p.Sets = old.Sets.and(p.Sets)
		p.Passed = old.Passed && p.Passed
		p.Started, p.Looped, p.Serves = old.Started || p.Started, old.Looped || p.Looped, old.Serves || p.Serves
		same := p.Started == old.Started && p.Looped == old.Looped && p.Serves == old.Serves
		if same && len(p.Sets) == len(old.Sets) && p.Passed == old.Passed {
			return false
		}
	}
	(*params)[p.Index] = p
	return true
}

// around returns what is set around the item and how the item calls a parameter. ok is false if the
// item does not happen.
func (it *item) around() (p Param, ok bool) {
	own := Param{Sets: it.sets, Passed: it.passed, Started: it.started, Looped: it.looped, Serves: it.serves}
	if it.gate == nil {
		return own, true
	}
	params := it.gate.params
	if it.gateOuts {
		params = it.gate.outRuns
	}
	p, ok = params[it.gateArg]
	p.Sets = substitute(p.Sets, it.gateArgs)
	return own.around(p), ok
}

// reading returns the reads that the item adds to its function.
func (it *item) reading() []Read {
	if it.each != nil {
		return it.readByEach()
	}
	around, ok := it.around()
	if !ok {
		return nil
	}
	var from []Read
	switch {
	case it.read != nil:
		from = []Read{*it.read}
	case it.node != nil && it.results:
		from = it.node.results
	case it.node != nil:
		from = it.node.reads
	case it.fact != nil && it.results:
		from = it.fact.Results
	case it.fact != nil:
		from = it.fact.Reads
	}
	var all []Read
	for _, r := range from {
		if it.fn != nil {
			r.Name = argument(r.Name, it.args)
			r.Via = through(it.fn, r.Via)
		}
		r.Passed = r.Passed || around.Passed
		if !around.Sets.cover(r) {
			all = append(all, r)
		}
	}
	return all
}

// readByEach returns the reads of functions of which one is called, none if one of them reads nothing.
func (it *item) readByEach() []Read {
	var all []Read
	for _, one := range it.each {
		n := len(all)
		for i := range one {
			all = append(all, one[i].reading()...)
		}
		if len(all) == n {
			return nil
		}
	}
	return all
}

// running returns the parameters of the enclosing declaration that the item calls.
func (it *item) running() []Param {
	around, ok := it.around()
	switch {
	case !ok || it.each != nil:
		return nil
	case it.isParam:
		around.Started = around.Started && !it.bound
		return []Param{around.around(Param{Index: it.param})}
	case it.node != nil && it.node.fn == nil && !it.results:
		var all []Param
		for _, i := range slices.Sorted(maps.Keys(it.node.params)) {
			all = append(all, around.around(it.node.params[i]))
		}
		return all
	}
	return nil
}

// around is how a function runs p if it runs what runs p as outer says. What brings a frame of its own carries it to
// another goroutine, and of what is only handed on it is not known where it runs.
func (outer Param) around(p Param) Param {
	p.Sets = p.Sets.with(outer.Sets...)
	p.Passed = p.Passed || outer.Passed
	p.Serves = p.Serves || outer.Serves || outer.Started && p.Looped
	p.Looped = p.Looped || outer.Looped
	p.Started = (p.Started || outer.Started) && !p.Passed && !slices.Contains(p.Sets, setAll)
	return p
}

func (n *node) fact() *Fact {
	f := &Fact{Reads: n.reads, Results: n.results, Enters: n.enters}
	for _, i := range slices.Sorted(maps.Keys(n.params)) {
		f.Params = append(f.Params, n.params[i])
	}
	for _, i := range slices.Sorted(maps.Keys(n.outRuns)) {
		f.OutRuns = append(f.OutRuns, n.outRuns[i])
	}
	if len(f.Reads)+len(f.Results)+len(f.Params)+len(f.OutRuns)+len(f.Enters) == 0 {
		return nil
	}
	return f
}

// funcName returns a function's name as messages show it: "user.Current", "user.Service.Load".
func funcName(fn *types.Func) string {
	name := known.Name(fn)
	if fn.Pkg() != nil {
		name = fn.Pkg().Name() + "." + name
	}
	return name
}
