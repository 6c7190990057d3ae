package reads

import (
	"slices"
	"strings"
)

// A Kind is which ambient state is read.
type Kind int

const (
	// Storage is a value of a gls.Storage.
	Storage Kind = iota
	// Context is the ambient context of gls.Context.
	Context
	// HTTP is the current request of httpctx.
	HTTP
	// Frame is all that is set, as gls.Capture takes it.
	Frame
)

// A Read is one piece of ambient state that is read, and the way to the call that reads it.
type Read struct {
	Kind Kind
	// Name identifies the storage within the program, "" where the expression says too little. "param:N" stands for
	// parameter N of the function that has the fact.
	Name string
	// What is the call as it reads in a message: "users.Get", "httpctx.GetOrFail".
	What string
	// Via names the functions between, the outermost first: "user.Current".
	Via []string
	// Passed says that a function with this read is handed to something of which it is not known when it runs it.
	Passed bool
}

func (r Read) key() [2]string { return [2]string{string(rune('0' + r.Kind)), r.Name} }

// String is the read as it stands in a message: "httpctx.GetOrFail through user.Current".
func (r Read) String() string {
	if len(r.Via) == 0 {
		return r.What
	}
	return r.What + " through " + strings.Join(r.Via, ", ")
}

// A Param is a function parameter that the function runs on the goroutine of its caller.
type Param struct {
	Index  int
	Sets   Sets // what is set around the call
	Passed bool // it is only handed on to something of which it is not known when it runs it
}

// A Fact says what a function reads of the flow of control that calls it.
type Fact struct {
	Reads []Read
	// Results are the reads of functions that it returns.
	Results []Read
	// Params are the parameters that it runs.
	Params []Param
	// OutRuns are the parameters that functions which it returns run.
	OutRuns []Param
	// Enters is what it leaves set for its caller.
	Enters Sets
}

// AFact makes it a fact of go/analysis.
func (*Fact) AFact() {}

// String is for tests of facts.
func (f *Fact) String() string {
	var all []string
	for _, r := range f.Reads {
		all = append(all, r.String())
	}
	return "reads(" + strings.Join(all, "; ") + ")"
}

// First returns the read to name in a message: one that surely happens before one that may.
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

// Certain returns the fact without reads that are only Passed, nil if nothing is left.
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

// Sets names what is set around a call: names of storages, and the words below.
type Sets []string

const (
	setAll  = "*"    // the whole frame is replaced
	setGLS  = "*gls" // a storage that is not known
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

// cover reports whether what is set around r satisfies it, so that it reads nothing of its caller's.
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
