package glswire

import (
	"fmt"
	"strings"

	"github.com/ambient-go/ambient/gls"
)

// A Set is a list of wires, each with a key of its own. An adapter carries one. It is immutable.
// The zero Set is empty.
type Set struct {
	wires []Wire
}

// NewSet returns the set of wires. It panics if one is the zero Wire, or if two have the same key.
// Keys that differ only in upper and lower case are the same, because they are the same to many
// brokers.
func NewSet(wires ...Wire) Set {
	seen := make(map[string]string, len(wires))
	for _, w := range wires {
		key := strings.ToLower(w.key)
		switch other, twice := seen[key]; {
		case key == "":
			panic("glswire.NewSet: zero Wire: make it with glswire.Value")
		case twice && other == w.key:
			panic(fmt.Sprintf("glswire.NewSet: two values have the key %q: give each its own", other))
		case twice:
			panic(fmt.Sprintf("glswire.NewSet: the keys %q and %q differ in case alone: give each its own", other, w.key))
		}
		seen[key] = w.key
	}
	return Set{append([]Wire(nil), wires...)}
}

// Wires returns the wires, in the order in which they were given. The slice is the caller's.
func (s Set) Wires() []Wire { return append([]Wire(nil), s.wires...) }

// Encode calls put with the key and the text of each value that is set in the running flow. It
// leaves out a value that cannot be sent, and calls report with the *Error if report is not nil.
func (s Set) Encode(put func(key, text string), report func(error)) {
	for i := range s.wires {
		text, set, err := s.wires[i].Text()
		switch {
		case err != nil:
			if report != nil {
				report(err)
			}
		case set:
			put(s.wires[i].key, text)
		}
	}
}

// Decode calls get with each key, and returns the bindings of the values that get has a text for.
// It leaves out a value that cannot be read, and calls report with the *Error if report is not nil.
func (s Set) Decode(get func(key string) (text string, ok bool), report func(error)) []gls.Binding {
	bindings := make([]gls.Binding, 0, len(s.wires)+2) // an adapter appends an id and attributes of log lines
	for i := range s.wires {
		text, ok := get(s.wires[i].key)
		if !ok {
			continue
		}
		b, err := s.wires[i].Bind(text)
		if err == nil {
			bindings = append(bindings, b)
		} else if report != nil {
			report(err)
		}
	}
	return bindings
}
