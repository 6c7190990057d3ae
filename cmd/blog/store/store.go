// Package store is the database. A request reads and writes its tenant's rows alone; outside of a
// request no statement runs.
package store

import (
	"errors"
	"net/url"
	"runtime"

	"github.com/ncruces/go-sqlite3/driver"
	_ "github.com/ncruces/go-sqlite3/embed" // SQLite itself, without cgo
	"github.com/ncruces/go-sqlite3/gormlite"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glssql"
)

// A Store is one SQLite file.
type Store struct {
	db *gorm.DB
	tx *glssql.DB // runs the statements of db
}

// Open opens the file, or makes it. It calls prepare, for migrations and the first rows, before it
// limits statements to tenants.
func Open(file string, prepare func(*gorm.DB) error) (*Store, error) {
	pragmas := url.Values{"_pragma": {
		"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(NORMAL)", "foreign_keys(1)",
	}, "_txlock": {"immediate"}}
	pool, err := driver.Open("file:" + file + "?" + pragmas.Encode())
	if err != nil {
		return nil, err
	}
	pool.SetMaxOpenConns(max(4, runtime.NumCPU()))
	pool.SetMaxIdleConns(max(4, runtime.NumCPU()))
	tx := glssql.New(pool)
	db, err := gorm.Open(gormlite.OpenDB(tx), &gorm.Config{
		Logger:                   logger.Discard, // the functions that get the errors log them
		DisableNestedTransaction: true,           // savepoints are raw SQL
		TranslateError:           true,
	})
	if err != nil {
		return nil, errors.Join(err, pool.Close())
	}
	s := &Store{db, tx}
	if err := prepare(db); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	if err := scope(db); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// DB returns the database for the current request: its queries are cancelled with the request,
// whose context gls.Context returns.
func (s *Store) DB() *gorm.DB { return s.db.WithContext(gls.Context()) }

// Run runs fn in a transaction: all its statements take effect, or none. The transaction ends with
// the request at the latest.
func (s *Store) Run(fn func() error) error { return s.tx.Run(gls.Context(), nil, fn) }

// AfterCommit calls fn when the current transaction has been committed, and not at all if it is
// rolled back.
func (s *Store) AfterCommit(fn func()) { s.tx.AfterCommit(fn) }

// Close closes the file.
func (s *Store) Close() error { return s.tx.Unwrap().Close() }
