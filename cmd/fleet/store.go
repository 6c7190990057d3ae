package main

import (
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"github.com/ncruces/go-sqlite3/driver"
	_ "github.com/ncruces/go-sqlite3/embed" // SQLite itself, without cgo
	"go.opentelemetry.io/otel/trace"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glsotel"
	"github.com/ambient-go/ambient/gls/glssql"
)

func runStore(p place, done <-chan struct{}) error {
	s, err := openStore(filepath.Join(p.dir, "store.db"))
	if err != nil {
		return err
	}
	defer s.close()
	return serveHTTP(p.store, s.handler(), done)
}

// A store has the orders and shipments.
type store struct{ db *glssql.DB }

// tables has the statement that inserts a row, by table. Inserting a row again changes nothing.
var tables = map[string]string{
	"orders":    `INSERT INTO orders VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
	"shipments": `INSERT INTO shipments VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
}

// openStore opens the file, or makes it.
func openStore(file string) (*store, error) {
	const pragmas = "?_pragma=journal_mode(WAL)&_pragma=synchronous(NORMAL)&_pragma=busy_timeout(10000)"
	pool, err := driver.Open("file:" + file + pragmas)
	if err != nil {
		return nil, err
	}
	pool.SetMaxOpenConns(2)
	for table := range tables {
		_, err := pool.Exec(`CREATE TABLE IF NOT EXISTS ` + table + ` (tenant TEXT, request TEXT,
			user INTEGER NOT NULL, trace TEXT NOT NULL, goods TEXT NOT NULL, PRIMARY KEY (tenant, request))`)
		if err != nil {
			return nil, err
		}
	}
	return &store{glssql.New(pool)}, nil
}

func (s *store) close() { _ = s.db.Unwrap().Close() }

// handler serves POST /orders and POST /shipments, with the goods as the body and the identity from
// the current flow.
func (s *store) handler() http.Handler {
	mux := http.NewServeMux()
	for table := range tables {
		mux.HandleFunc("POST /"+table, func(w http.ResponseWriter, r *http.Request) {
			goods, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1000))
			if err == nil {
				err = work("store", string(goods), func() error { return s.save(table, string(goods)) })
			}
			if err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
			}
		})
	}
	return glsotel.Handler(mux)
}

func (s *store) save(table, goods string) error {
	return s.db.Run(gls.Context(), nil, func() error {
		_, err := s.db.Exec(tables[table], tenant.GetOrFail(), request.GetOrFail(), user.GetOrFail(),
			trace.SpanContextFromContext(gls.Context()).TraceID().String(), goods)
		return err
	})
}

// A poster posts to an HTTP service.
type poster struct {
	client http.Client
	url    string
}

// newStoreClient returns a client of the store, the only host that gets the flow's values.
func newStoreClient(p place) *poster { return newPoster(p.store, p) }

func newPoster(address string, p place) *poster {
	transport := glsotel.Transport(nil, []string{p.store})
	return &poster{http.Client{Transport: transport, Timeout: 10 * time.Second}, "http://" + address}
}

// save posts goods for the current flow.
func (c *poster) save(path, goods string) error {
	response, err := c.client.Post(c.url+"/"+path, "text/plain", strings.NewReader(goods))
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, 1000)) // read to the end, so that the connection can be used again
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s: %s", c.url, response.Status, text)
	}
	return err
}
