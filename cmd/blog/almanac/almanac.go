// Package almanac is the program's second server, and a client of it for the first one.
package almanac

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/ambient-go/ambient/cmd/blog/middleware"
	"github.com/ambient-go/ambient/cmd/blog/session"
	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/httpctx"
)

// A Saying is the almanac's answer to a tenant, with what the almanac knew about the request.
type Saying struct {
	Text      string        `json:"text"`
	RequestID string        `json:"request_id"`
	Left      time.Duration `json:"left"` // time until the deadline, 0 without one
}

// Handler returns the server's handler.
func Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /today/{tenant}", middleware.Page(today))
	return middleware.Deadline(10*time.Second, httpctx.Middleware(mux))
}

func today() error {
	c := httpctx.GetOrFail()
	s := Saying{
		Text:      fmt.Sprintf("Today in %s: low water at %s.", c.Param("tenant"), c.Start().Format("15:04")),
		RequestID: c.ID(),
	}
	if deadline, ok := gls.Context().Deadline(); ok {
		s.Left = time.Until(deadline)
	}
	slog.Debug("asked", "left", s.Left)
	c.Writer().Header().Set("Content-Type", "application/json")
	return json.NewEncoder(c.Writer()).Encode(s)
}

// A Client asks the server at Base.
type Client struct {
	Base string
	HTTP http.Client
}

// NewClient returns a client. Its requests have the id of the request that they are sent in, and
// are cancelled with it.
func NewClient(base string) *Client {
	return &Client{base, http.Client{Transport: httpctx.Transport(&http.Transport{MaxIdleConnsPerHost: 64})}}
}

// Today asks for the current tenant's saying.
func (c *Client) Today() (s Saying, err error) {
	t, ok := session.CurrentTenant()
	if !ok {
		return s, nil
	}
	request, err := http.NewRequest(http.MethodGet, c.Base+"/today/"+url.PathEscape(t.Slug), http.NoBody)
	if err != nil {
		return s, err
	}
	if deadline, ok := gls.Context().Deadline(); ok { // so that the other server has the same deadline
		request.Header.Set(middleware.TimeoutHeader, strconv.FormatInt(time.Until(deadline).Milliseconds(), 10))
	}
	response, err := c.HTTP.Do(request)
	if err != nil {
		return s, err
	}
	defer response.Body.Close()
	return s, json.NewDecoder(response.Body).Decode(&s)
}
