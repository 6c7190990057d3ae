package glsotel

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/propagation"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glswire"
)

// The limits of W3C baggage.
const (
	maxMembers = 64
	maxBytes   = 8192 // of the whole text
	maxMember  = 4096 // of one member
)

// The reasons for which a member is dropped, as errors.Is finds them in what OnError is given.
var (
	ErrMemberTooLong  = errors.New("the baggage member has more than 4096 bytes")
	ErrTooMuchBaggage = errors.New("the baggage has more than 64 members or 8192 bytes")
	ErrMalformed      = errors.New("the baggage member is not written as W3C says")
)

// A writer writes members within the limits. One that does not fit is left out as a whole, and reported.
type writer struct {
	text    []byte
	members int
	report  func(error)
}

// add writes a member of this key, a token, and this value. Path escapes are those of baggage: what stays as it is are
// letters, digits and $&+-.:=@_~, none of which separates anything in a value.
func (w *writer) add(key, value string) {
	escaped := url.PathEscape(value)
	if w.fits(key, len(key)+1+len(escaped)) {
		w.text = append(append(append(w.text, key...), '='), escaped...)
	}
}

// addMember writes a member as it is.
func (w *writer) addMember(key, text string) {
	if text == "" { // no header can have the key
		w.fail(key, ErrMalformed)
	} else if w.fits(key, len(text)) {
		w.text = append(w.text, text...)
	}
}

// fits begins a member of that many bytes, if there is room for it.
func (w *writer) fits(key string, size int) bool {
	if size > maxMember {
		w.fail(key, ErrMemberTooLong)
		return false
	}
	if w.members > 0 {
		size++ // the comma
	}
	if w.members == maxMembers || len(w.text)+size > maxBytes {
		w.fail(key, ErrTooMuchBaggage)
		return false
	}
	if w.members > 0 {
		w.text = append(w.text, ',')
	}
	w.members++
	return true
}

func (w *writer) fail(key string, err error) {
	w.report(&glswire.Error{Key: key, Sending: true, Err: err})
}

// A reader reads the members of all fields of a header: values of the flow as bindings, the others as they are.
type reader struct {
	p        *propagator
	size     int // of what was read
	members  int
	bindings []gls.Binding
	others   []string
}

// read reads the members of text that are within the limits.
func (r *reader) read(text string) {
	for text != "" {
		var member string
		member, text, _ = strings.Cut(text, ",")
		r.size += len(member) + 1
		if member = strings.Trim(member, " \t"); member == "" {
			continue
		}
		r.members++
		if r.members > maxMembers || r.size > maxBytes+1 {
			r.fail(ErrTooMuchBaggage)
			return
		}
		r.member(member)
	}
}

func (r *reader) member(text string) {
	named, _, _ := strings.Cut(text, ";") // properties
	key, escaped, found := strings.Cut(named, "=")
	key = strings.Trim(key, " \t")
	w, own := r.p.value(key)
	switch {
	case !r.p.takes(key):
		return
	case !own:
		r.others = append(r.others, text)
		return
	}
	value, err := url.PathUnescape(strings.Trim(escaped, " \t"))
	if !found || err != nil {
		r.p.report(&glswire.Error{Key: key, Err: ErrMalformed})
		return
	}
	b, err := w.Bind(value)
	if err != nil {
		r.p.report(err)
		return
	}
	if r.bindings == nil {
		r.bindings = make([]gls.Binding, 0, len(r.p.values))
	}
	r.bindings = append(r.bindings, b)
}

// baggage returns the other members. Of two with one key the later is taken, as OpenTelemetry has it.
func (r *reader) baggage() baggage.Baggage {
	if len(r.others) == 0 {
		return baggage.Baggage{}
	}
	b, err := baggage.Parse(strings.Join(r.others, ","))
	if err != nil { // which would show the member
		r.fail(ErrMalformed)
	}
	return b
}

// fail reports members that others have written. It does not show them.
func (r *reader) fail(err error) {
	r.p.report(fmt.Errorf("glsotel: not all baggage is taken: %w", err))
}

// remove takes a field away that somebody else has put into the carrier. Carriers other than headers can only have it
// emptied.
func remove(carrier propagation.TextMapCarrier, name string) {
	if header, ok := carrier.(propagation.HeaderCarrier); ok {
		http.Header(header).Del(name)
	} else if carrier.Get(name) != "" {
		carrier.Set(name, "")
	}
}
