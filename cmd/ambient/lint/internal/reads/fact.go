package reads

import (
	"slices"
	"strings"
)

// A Kind is a kind of ambient state.
type Kind int

const (
	// Storage is a value of a gls.Storage.
	Storage Kind = iota
	// Context is the ambient context of gls.Context.
	Context
	// HTTP is the current request of httpctx.
	HTTP
	// Frame is everything that is set, as gls.Capture takes it.
	Frame
)

// A Read is a read of ambient state, and the calls that lead to it.
type Read struct {
	Kind Kind
	// Name identifies the storage in the program. It is "" if the expression does not tell, and
	// "param:N" for parameter N of the function that has the fact.
	Name string
	// What is the reading call as messages name it: "users.Get", "httpctx.GetOrFail".
	What string
	// Via names the functions on the way to the read, the outermost first: "user.Current".
	Via []string
	// Passed says that the reading function is an argument of a function of which we do not know
	// when it calls its argument.
	Passed bool
}

func (r Read) key() [2]string { return [2]string{string(rune('0' + r.Kind)), r.Name} }

// String returns the read as messages name it: "httpctx.GetOrFail through user.Current".
func (r Read) String() string {
	if len(r.Via) == 0 {
		return r.What
	}
	return r.What + " through " + strings.Join(r.Via, ", ")
}

// A Param is a parameter of function type that the function calls.
type Param struct {
	Index   int
	Sets    Sets // what is set around the call
	Passed  bool // the function only passes it to one of which we do not know when it calls it
	Started bool // in one place at least, it runs on another goroutine that has nothing set
	Looped  bool // it runs in a loop
	Serves  bool // another goroutine runs it in a loop, for all that have work for it
}

// A Fact says what a function reads of the flow of control that calls it.
type Fact struct {
	Reads []Read
	// Results are the reads of functions that it returns.
	Results []Read
	// Params are the parameters that it calls.
	Params []Param
	// OutRuns are the parameters that a function it returns calls.
	OutRuns []Param
	// Enters is what it leaves set for its caller.
	Enters Sets
}

// AFact makes Fact a fact of go/analysis.
func (*Fact) AFact() {}

func (f *Fact) String() string {
	var all []string
	for _, r := range f.Reads {
		all = append(all, r.String())
	}
	return "reads(" + strings.Join(all, "; ") + ")"
}

// First returns the read that a message names: a certain one rather than one that is only Passed.
func (f *Fact) First() Read {
	for _, r := range f.Reads {
		if !r.Passed {
			return r
		}
	}
	return f.Reads[0]
}

// HTTP returns a read of the current request, if there is one.
func (f *Fact) HTTP() (Read, bool) {
	i := slices.IndexFunc(f.Reads, func(r Read) bool { return r.Kind == HTTP })
	if i < 0 {
		return Read{}, false
	}
	return f.Reads[i], true
}

// Certain returns the fact without the reads that are only Passed, nil if no read is left.
func (f *Fact) Certain() *Fact {
	if f == nil {
		return nil
	}
	kept := slices.DeleteFunc(slices.Clone(f.Reads), func(r Read) bool { return r.Passed })
	if len(kept) == 0 {
		return nil
	}
	return &Fact{Reads: kept}
}

// Sets lists what is set around a call: names of storages, and the words below.
type Sets []string

const (
	setAll  = "*"    // the whole frame is replaced
	setGLS  = "*gls" // a storage with an unknown name
	setHTTP = "*http"
	setCtx  = "*ctx"
)

func (s Sets) with(names ...string) Sets {
	all := slices.Clone(s)
	for _, n := range names {
		if !slices.Contains(all, n) {
			all = append(all, n)
		}
	}
	slices.Sort(all)
	return all
}

func (s Sets) and(t Sets) Sets {
	return slices.DeleteFunc(slices.Clone(s), func(n string) bool { return !slices.Contains(t, n) })
}

// cover reports whether what is set satisfies r, so that r reads nothing of the caller's.
func (s Sets) cover(r Read) bool {
	if len(s) == 0 {
		return false
	}
	if slices.Contains(s, setAll) {
		return true
	}
	switch r.Kind {
	case HTTP:
		return slices.Contains(s, setHTTP)
	case Context:
		return slices.Contains(s, setCtx) || slices.Contains(s, setGLS)
	case Frame:
		return true
	default:
		return slices.Contains(s, setGLS) || r.Name != "" && slices.Contains(s, r.Name)
	}
}
