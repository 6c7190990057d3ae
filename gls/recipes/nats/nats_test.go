package nats_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/gls/glslog"
	"github.com/ambient-go/ambient/gls/recipes/internal/loadtest"
	recipe "github.com/ambient-go/ambient/gls/recipes/nats"
)

// connect runs a server and returns a connection to it.
func connect(t *testing.T) *nats.Conn {
	t.Helper()
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, NoLog: true, NoSigs: true})
	require.NoError(t, err)
	s.Start()
	t.Cleanup(s.Shutdown)
	require.True(t, s.ReadyForConnections(time.Minute))
	conn, err := nats.Connect(s.ClientURL())
	require.NoError(t, err)
	t.Cleanup(conn.Close)
	return conn
}

func publish(t *testing.T, conn *nats.Conn) {
	t.Helper()
	loadtest.Each(func(id string) {
		m := nats.NewMsg("greetings")
		m.Header.Set(nats.MsgIdHdr, id)
		assert.NoError(t, conn.PublishMsg(m))
	})
}

func TestEachMessageHasItsOwnScope(t *testing.T) {
	conn := connect(t)
	c := loadtest.NewConsumer(t, recipe.MessageID)
	var mu sync.Mutex
	var log bytes.Buffer
	logger := slog.New(glslog.Handler(slog.NewJSONHandler(&log, nil)))
	c.Start(func() {
		_, err := recipe.Subscribe(conn, "greetings", func(m *nats.Msg) {
			mu.Lock()
			logger.Info("handled", "want", m.Header.Get(nats.MsgIdHdr))
			mu.Unlock()
			c.Handle(m.Header.Get(nats.MsgIdHdr))
		})
		assert.NoError(t, err)
		// The same goroutines of the library, without a scope for each message.
		_, err = conn.Subscribe("greetings", func(*nats.Msg) { c.Bare() })
		assert.NoError(t, err)
		assert.NoError(t, conn.Flush())
	})
	publish(t, conn)
	c.Verify(t)
	mu.Lock()
	defer mu.Unlock()
	decoder := json.NewDecoder(&log)
	for decoder.More() {
		var line map[string]any
		require.NoError(t, decoder.Decode(&line))
		assert.Equal(t, line["want"], line["message_id"])
	}
}

func Example() {
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, NoLog: true, NoSigs: true})
	if err != nil {
		panic(err)
	}
	s.Start()
	defer s.Shutdown()
	conn, err := nats.Connect(s.ClientURL())
	if err != nil {
		panic(err)
	}
	defer conn.Close()
	done := make(chan struct{})
	_, err = recipe.Subscribe(conn, "greetings", func(*nats.Msg) { // the recipe
		fmt.Println(recipe.MessageID.Get())
		close(done)
	})
	if err != nil {
		panic(err)
	}
	m := nats.NewMsg("greetings")
	m.Header.Set(nats.MsgIdHdr, "7")
	if err := conn.PublishMsg(m); err != nil {
		panic(err)
	}
	<-done
	// Output: 7 true
}
