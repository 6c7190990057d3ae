package web_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// An upgrader is a client that asks an HTTP/1.1 server for HTTP/2, once for each request. The
// server serves the request again as the connection's first stream.
type upgrader struct{ w *world }

func (u upgrader) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx := r.Context()
	if r.Body != nil {
		defer r.Body.Close()
	}
	c, err := u.w.dial(ctx, "tcp", r.URL.Host)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	if deadline, ok := ctx.Deadline(); ok {
		_ = c.SetDeadline(deadline)
	}
	r = r.Clone(ctx)
	r.Header.Set("Connection", "Upgrade, HTTP2-Settings")
	r.Header.Set("Upgrade", "h2c")
	r.Header.Set("HTTP2-Settings", "AAMAAABkAAQAAP__")
	r.Header.Del("Expect")
	if err := r.Write(c); err != nil {
		return nil, err
	}
	from := bufio.NewReader(c)
	resp, err := http.ReadResponse(from, r)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusSwitchingProtocols {
		return nil, fmt.Errorf("not upgraded: %s", resp.Status)
	}
	if _, err := io.WriteString(c, http2.ClientPreface); err != nil {
		return nil, err
	}
	framer := http2.NewFramer(c, from)
	framer.ReadMetaHeaders = hpack.NewDecoder(1<<12, nil)
	if err := framer.WriteSettings(); err != nil {
		return nil, err
	}
	answer := &http.Response{StatusCode: http.StatusOK, Proto: "HTTP/2.0", ProtoMajor: 2, Header: make(http.Header), Request: r}
	var text bytes.Buffer
	for ended := false; !ended; {
		f, err := framer.ReadFrame()
		if err != nil {
			return nil, err
		}
		switch f := f.(type) {
		case *http2.MetaHeadersFrame:
			_, _ = fmt.Sscan(f.PseudoValue("status"), &answer.StatusCode)
			for _, field := range f.RegularFields() {
				answer.Header.Add(field.Name, field.Value)
			}
			ended = f.StreamEnded()
		case *http2.DataFrame:
			text.Write(f.Data())
			ended = f.StreamEnded()
		case *http2.RSTStreamFrame:
			return nil, fmt.Errorf("stream reset: %v", f.ErrCode)
		}
	}
	answer.Body = io.NopCloser(&text)
	return answer, nil
}
