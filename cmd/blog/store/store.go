// Package store is the database. What a request reads and writes is its tenant's; outside of a request there is
// nothing to read.
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
	tx *glssql.DB // what db runs its statements on
}

// Open opens the file, which is made if there is none. Prepare gets it before the requests' rules hold: for migrations
// and the first rows.
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
		Logger:                   logger.Discard, // whoever gets an error logs it
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

// DB returns the database as the running code may use it. Its queries end with the request: gls.Context is the
// request's context.
func (s *Store) DB() *gorm.DB { return s.db.WithContext(gls.Context()) }

// Run makes all that fn does one transaction, which ends with the request at the latest: all of it, or nothing.
func (s *Store) Run(fn func() error) error { return s.tx.Run(gls.Context(), nil, fn) }

// AfterCommit calls fn once what is written now is there for others to see, and not at all if it is taken back.
func (s *Store) AfterCommit(fn func()) { s.tx.AfterCommit(fn) }

// Close closes the file.
func (s *Store) Close() error { return s.tx.Unwrap().Close() }
