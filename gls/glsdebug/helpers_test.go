package glsdebug_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/gls/glsdebug"
	"github.com/ambient-go/ambient/internal/goroutine"
)

// The shape that the package documentation promises.
type (
	answer struct {
		Time        time.Time
		Program     string
		PID         int
		Go          string
		Propagation string
		Totals      struct {
			Goroutines, Carrying, Matching, Shown, Requests int
			UnknownOrigins                                  int `json:"unknown_origins"`
		}
		Storages []struct {
			Name, Type string
			Goroutines int
		}
		Losses []struct {
			Storage, Type      string
			Function, Position string
			Read               string
			Count              int
		}
		Requests []struct {
			request
			Goroutines []uint64
		}
		Goroutines []row
		Note       string
	}
	request struct {
		ID, Method, Path, Pattern string
		Start                     time.Time
		Age                       float64 `json:"age_seconds"`
		Finished                  bool
		Keys                      []value
	}
	value struct {
		Name, Type string
		Value      any
		NotShown   string `json:"not_shown"`
	}
	row struct {
		ID       uint64
		Age      float64 `json:"age_seconds"`
		AgeOf    string  `json:"age_of"`
		Request  *request
		Storages []value
		Started  *started
		Exited   bool
		Self     bool `json:"this_request"`
	}
	started struct {
		By                 uint64
		Function, Position string
		Runs               string
		RunsPosition       string `json:"runs_position"`
	}
)

// get asks a handler as a client on this machine would and returns the status and the body.
func get(t testing.TB, h http.Handler, query string, change ...func(*http.Request)) (int, string, http.Header) {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, "http://localhost:6060/debug/ambient/"+query, http.NoBody)
	r.RemoteAddr = "127.0.0.1:50000"
	for _, c := range change {
		c(r)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	body, err := io.ReadAll(w.Body)
	require.NoError(t, err)
	return w.Code, string(body), w.Header()
}

// On a busy machine a LogValue may stand still for longer than slowValue, which no test but those of slow values means.
func TestMain(m *testing.M) {
	glsdebug.ReadFor(2*time.Second, time.Minute)
	os.Exit(m.Run())
}

// ask returns the JSON answer.
func ask(t testing.TB, query string) answer {
	t.Helper()
	status, body, _ := get(t, glsdebug.Handler(glsdebug.WithValues()), "?format=json"+query)
	require.Equal(t, http.StatusOK, status, body)
	var a answer
	require.NoError(t, json.Unmarshal([]byte(body), &a))
	return a
}

// find returns the row of a goroutine.
func (a answer) find(t testing.TB, id uint64) row {
	t.Helper()
	for _, r := range a.Goroutines {
		if r.ID == id {
			return r
		}
	}
	require.Fail(t, fmt.Sprintf("goroutine %d is not in the list", id))
	return row{}
}

// holding starts goroutines and keeps those that call hold.
type holding struct {
	ids     chan uint64
	release chan struct{}
	once    sync.Once
}

func newHolding(t testing.TB) *holding {
	h := &holding{ids: make(chan uint64), release: make(chan struct{})}
	t.Cleanup(h.end)
	return h
}

// hold is what goroutines call that are to be looked at.
func (h *holding) hold() {
	h.ids <- goroutine.ID()
	<-h.release
}

// end lets them go.
func (h *holding) end() { h.once.Do(func() { close(h.release) }) }
