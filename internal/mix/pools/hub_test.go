package pools_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/internal/mix"
)

// A hub sends each client's messages to all clients, on a goroutine of its own that the first
// connection starts.
type hub struct {
	once     sync.Once
	messages chan said
}

type said struct {
	id    string
	heard func()
}

func (h *hub) say(id string, heard func()) {
	h.once.Do(func() {
		go func() {
			for m := range h.messages {
				m.heard()
			}
		}()
	})
	h.messages <- said{id, heard}
}

// overs closes the channel when Ada's request is over.
func overs(over chan bool, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r)
		if r.Header.Get(mix.Header) == "Ada" {
			close(over)
		}
	})
}

// The program itself starts the hub's goroutine: it may see the first connection's request while
// that is open, and no request afterwards.
func TestWebsocketHub(t *testing.T) {
	both(t, func(t *testing.T, stays bool) {
		l := mix.NewLedger()
		h := &hub{messages: make(chan said)}
		var tasks sync.Map
		first := make(chan bool) // closed when the first connection's request is over
		server := httptest.NewServer(overs(first, l.Serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			id := r.Header.Get(mix.Header)
			c, err := websocket.Accept(w, r, nil)
			if !assert.NoError(t, err) {
				return
			}
			defer c.CloseNow()
			for {
				kind, text, err := c.Read(r.Context())
				if err != nil {
					return
				}
				task, _ := tasks.LoadAndDelete(string(text))
				answered := make(chan error, 1)
				h.say(id, func() {
					task.(func())()
					answered <- c.Write(r.Context(), kind, text)
				})
				assert.NoError(t, <-answered)
			}
		}))))
		defer server.Close()

		var mu sync.Mutex
		open := make(map[string]*websocket.Conn)
		connection := func(id string) *websocket.Conn {
			mu.Lock()
			defer mu.Unlock()
			if c := open[id]; c != nil {
				return c
			}
			c, _, err := websocket.Dial(t.Context(), server.URL, &websocket.DialOptions{HTTPHeader: http.Header{mix.Header: {id}}})
			require.NoError(t, err)
			open[id] = c
			return c
		}
		n := 0
		r := drive(t, l, stays, func() service {
			return service{func(id string, task func()) {
				c := connection(id)
				mu.Lock()
				n++
				text := id + "/" + string(rune('a'+n%26)) + string(rune('a'+n/26%26)) + string(rune('a'+n/26/26))
				mu.Unlock()
				tasks.Store(text, task)
				assert.NoError(t, c.Write(context.Background(), websocket.MessageText, []byte(text)))
				_, got, err := c.Read(context.Background())
				assert.NoError(t, err)
				assert.Equal(t, text, string(got))
				if id == "Ada" && !stays {
					assert.NoError(t, c.Close(websocket.StatusNormalClosure, ""))
					<-first
				}
			}, func() { close(h.messages) }}
		})
		ofAda(t, l, r, stays)
		for _, c := range open {
			c.CloseNow()
		}
	})
}
