package glsdebug

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/ambient-go/ambient/internal/goroutine"
)

// A stack is one goroutine as the runtime describes it.
type stack struct {
	ID      uint64    `json:"id"`
	State   string    `json:"state"`
	Started *origin   `json:"started,omitempty"`
	Stack   []callAt  `json:"stack"`
	Taken   time.Time `json:"time"`
}

type callAt struct {
	Function string `json:"function"`
	Position string `json:"position"`
}

// serveStack answers with the stack of one goroutine. The id is a text from the client.
func serveStack(w http.ResponseWriter, text string, asJSON bool) {
	id, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		http.Error(w, "glsdebug: stack is the id of a goroutine", http.StatusBadRequest)
		return
	}
	refuse := func(why string, retry time.Duration) {
		if retry > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(int((retry+time.Second-1)/time.Second)))
		}
		if asJSON {
			writeJSON(w, http.StatusServiceUnavailable, map[string]string{"error": "glsdebug: no stack: " + why})
			return
		}
		http.Error(w, "glsdebug: no stack: "+why, http.StatusServiceUnavailable)
	}
	leave, why, retry := asking.enter()
	if leave == nil {
		refuse(why, retry)
		return
	}
	trace, ok, cut := find(id, leave)
	if cut {
		const beyond = "goroutine %d is not in the first %d MiB that the runtime writes about all of them"
		refuse(fmt.Sprintf(beyond, id, mostText>>20), 0)
		return
	}
	s := &stack{ID: id, Stack: []callAt{}, Taken: time.Now()}
	if ok {
		s.State = trace.State
		s.Started = originOf(trace)
		if b, ok := births.Load(id); ok {
			s.Started = b.(birth).origin()
		}
		for _, f := range trace.Frames() {
			s.Stack = append(s.Stack, callAt(f))
		}
	}
	switch {
	case !asJSON:
		writePage(w, view{Stack: s})
	case !ok:
		writeJSON(w, http.StatusNotFound, map[string]string{"error": "glsdebug: no goroutine " + text + " is alive"})
	default:
		writeJSON(w, http.StatusOK, s)
	}
}

func find(id uint64, leave func()) (trace goroutine.Trace, ok, cut bool) {
	defer leave()
	return goroutine.Find(id, textMost)
}

// textMost is mostText, which a test changes.
var textMost = mostText
