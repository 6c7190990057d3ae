package fleet

import (
	"github.com/ncruces/go-sqlite3/driver"
	_ "github.com/ncruces/go-sqlite3/embed" // SQLite itself, without cgo
	"go.opentelemetry.io/otel/trace"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glssql"
)

// A Store keeps the orders that have been worked on.
type Store struct{ db *glssql.DB }

// OpenStore opens the file, which is made if there is none.
func OpenStore(file string) (*Store, error) {
	const pragmas = "?_pragma=journal_mode(WAL)&_pragma=synchronous(NORMAL)&_pragma=busy_timeout(10000)"
	pool, err := driver.Open("file:" + file + pragmas)
	if err != nil {
		return nil, err
	}
	pool.SetMaxOpenConns(2)
	_, err = pool.Exec(`CREATE TABLE IF NOT EXISTS orders
		(request TEXT PRIMARY KEY, tenant TEXT NOT NULL, user INTEGER NOT NULL, trace TEXT NOT NULL)`)
	return &Store{glssql.New(pool)}, err
}

// Save writes an order of the running flow. One that comes again is there already.
func (s *Store) Save() error {
	return s.db.Run(gls.Context(), nil, func() error {
		_, err := s.db.Exec(`INSERT INTO orders VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING`,
			request.GetOrFail(), tenant.GetOrFail(), user.GetOrFail(),
			trace.SpanContextFromContext(gls.Context()).TraceID().String())
		return err
	})
}

// Close closes the file.
func (s *Store) Close() error { return s.db.Unwrap().Close() }
