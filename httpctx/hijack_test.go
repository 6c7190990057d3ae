package httpctx_test

import (
	"bufio"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/httpctx"
)

// As much of RFC 6455 as an echo of short text messages needs.

const (
	frameText  = 0x1
	frameClose = 0x8
)

// acceptKey answers a Sec-WebSocket-Key.
func acceptKey(key string) string {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// writeFrame writes one final frame; masked, as clients have to.
func writeFrame(w io.Writer, kind byte, payload string, masked bool) error {
	if len(payload) > 0xffff {
		return errors.New("too long")
	}
	frame := []byte{0x80 | kind, byte(min(len(payload), 126))}
	if len(payload) >= 126 {
		frame = binary.BigEndian.AppendUint16(frame, uint16(len(payload)))
	}
	data := []byte(payload)
	if masked {
		mask := [4]byte{1, 2, 3, 4}
		frame[1] |= 0x80
		frame = append(frame, mask[:]...)
		for i := range data {
			data[i] ^= mask[i%4]
		}
	}
	_, err := w.Write(append(frame, data...))
	return err
}

// readFrame reads one final frame of either side.
func readFrame(r io.Reader) (kind byte, payload string, err error) {
	var head [2]byte
	if _, err = io.ReadFull(r, head[:]); err != nil {
		return 0, "", err
	}
	length := uint16(head[1] & 0x7f)
	if length == 126 {
		if err = binary.Read(r, binary.BigEndian, &length); err != nil {
			return 0, "", err
		}
	}
	var mask [4]byte
	if head[1]&0x80 != 0 {
		if _, err = io.ReadFull(r, mask[:]); err != nil {
			return 0, "", err
		}
	}
	data := make([]byte, length)
	if _, err = io.ReadFull(r, data); err != nil {
		return 0, "", err
	}
	for i := range data {
		data[i] ^= mask[i%4]
	}
	return head[0] & 0x0f, string(data), nil
}

// upgrade is the server's side of the handshake, on any writer that can be hijacked.
func upgrade(w http.ResponseWriter, r *http.Request) (net.Conn, *bufio.ReadWriter, error) {
	if !strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
		return nil, nil, errors.New("no websocket")
	}
	conn, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return nil, nil, err
	}
	_, err = fmt.Fprintf(rw, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Accept: %s\r\n\r\n", acceptKey(r.Header.Get("Sec-WebSocket-Key")))
	return conn, rw, errors.Join(err, rw.Flush())
}

// websocket is the client's side.
func websocket(t *testing.T, s *httptest.Server, path, id string) *wire {
	t.Helper()
	w := dial(t, s)
	const key = "dGhlIHNhbXBsZSBub25jZQ=="
	w.send(t, "GET "+path+" HTTP/1.1", "Host: x", "Upgrade: websocket", "Connection: Upgrade",
		"Sec-WebSocket-Key: "+key, "Sec-WebSocket-Version: 13", "X-Request-ID: "+id, "")
	response, _, err := w.receive(http.MethodGet)
	require.NoError(t, err)
	require.Equal(t, http.StatusSwitchingProtocols, response.StatusCode)
	require.Equal(t, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", response.Header.Get("Sec-WebSocket-Accept"))
	return w
}

// say sends a message and returns the answer.
func (w *wire) say(t *testing.T, text string) string {
	t.Helper()
	require.NoError(t, writeFrame(w, frameText, text, true))
	_, answer, err := readFrame(w.in)
	require.NoError(t, err)
	return answer
}

// stateHere says in one word what there is here.
func stateHere(c *httpctx.Context) string {
	now, err := httpctx.Lookup()
	switch {
	case now == c:
		return "own"
	case now != nil:
		return "another"
	case errors.Is(err, httpctx.ErrFinished):
		return "finished"
	case errors.Is(err, httpctx.ErrNoRequest):
		return "none"
	}
	return err.Error()
}

// echo answers each message with the id, what there is here, and the message.
func echo(t *testing.T, rw *bufio.ReadWriter, conn net.Conn, c *httpctx.Context) {
	defer conn.Close()
	for {
		kind, text, err := readFrame(rw)
		if err != nil || kind == frameClose {
			return
		}
		answer := fmt.Sprintf("%s %s %s", c.ID(), stateHere(c), text)
		if !assert.NoError(t, writeFrame(conn, frameText, answer, false)) {
			return
		}
	}
}

func TestHijack(t *testing.T) {
	ended := make(chan *httpctx.Context, 10)
	mux := http.NewServeMux()
	// The handler stays for as long as the connection.
	mux.HandleFunc("/stay", func(w http.ResponseWriter, r *http.Request) {
		c := httpctx.GetOrFail()
		defer func() { ended <- c }()
		conn, rw, err := upgrade(w, r)
		if assert.NoError(t, err) {
			_, err := w.Write([]byte("x"))
			assert.ErrorIs(t, err, http.ErrHijacked)
			echo(t, rw, conn, c)
		}
	})
	// Through the guarded writer.
	mux.HandleFunc("/guarded", func(_ http.ResponseWriter, r *http.Request) {
		c := httpctx.GetOrFail()
		defer func() { ended <- c }()
		conn, rw, err := upgrade(c.Writer(), r)
		if assert.NoError(t, err) {
			_, err := c.Writer().Write([]byte("x"))
			assert.ErrorIs(t, err, http.ErrHijacked)
			echo(t, rw, conn, c)
		}
	})
	// A goroutine goes on after the handler has returned.
	leave := func(start func(fn func())) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			c := httpctx.GetOrFail()
			conn, rw, err := upgrade(w, r)
			if !assert.NoError(t, err) {
				return
			}
			start(func() {
				defer func() { ended <- c }()
				if now := current(); now != nil {
					c = now
				}
				echo(t, rw, conn, c)
			})
		}
	}
	mux.HandleFunc("/leave", leave(func(fn func()) {
		over := httpctx.GetOrFail()
		gls.Go(func() {
			for !over.Finished() { // until the handler has returned
				runtime.Gosched()
			}
			fn()
		})
	}))
	mux.HandleFunc("/detached", leave(httpctx.GoDetached))
	mux.HandleFunc("/outside", leave(func(fn func()) { httpctx.RunOutside(func() { gls.Go(fn) }) }))
	mux.HandleFunc("/plain", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, httpctx.GetOrFail().ID())
	})
	s := serve(t, httpctx.Middleware(mux))
	for path, state := range map[string]string{
		"/stay": "own", "/guarded": "own", "/leave": "finished", "/detached": "own", "/outside": "none",
	} {
		t.Run(path, func(t *testing.T) {
			one, two := websocket(t, s, path, "one"), websocket(t, s, path, "two")
			for _, text := range []string{"hello", strings.Repeat("long", 100), ""} {
				assert.Equal(t, "one "+state+" "+text, one.say(t, text))
				assert.Equal(t, "two "+state+" "+text, two.say(t, text))
				assert.Equal(t, "other", get(t, s.Client(), s.URL+"/plain", "X-Request-ID", "other"))
			}
			require.NoError(t, writeFrame(one, frameClose, "", true))
			assert.Equal(t, "one", within(t, ended).ID())
			assert.Equal(t, "two "+state+" still", two.say(t, "still"))
			two.Close() // without a close frame: the client vanishes
			assert.Equal(t, "two", within(t, ended).ID())
		})
	}
}

// The writer of a request whose handler has returned cannot take the connection over, and its deadlines cannot move.
func TestHijackAfterTheEnd(t *testing.T) {
	held := make(chan *httpctx.Context, 1)
	s := serve(t, middleware(func(http.ResponseWriter, *http.Request) { held <- httpctx.GetOrFail() }))
	get(t, s.Client(), s.URL)
	c := within(t, held)
	eventually(t, c.Finished, "it returns")
	conn, rw, err := c.Writer().(http.Hijacker).Hijack()
	assert.ErrorIs(t, err, httpctx.ErrFinished)
	assert.Nil(t, conn)
	assert.Nil(t, rw)
}
