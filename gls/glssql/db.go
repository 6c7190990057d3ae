package glssql

import (
	"database/sql"
	"sync"
	"sync/atomic"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/internal/carrier"
	"github.com/ambient-go/ambient/internal/frame"
	"github.com/ambient-go/ambient/internal/goroutine"
	"github.com/ambient-go/ambient/internal/inspect"
)

// A DB runs statements in the transaction of the running flow of control, and on a *sql.DB's pool where there is none.
// It is safe for concurrent use. Make one for each *sql.DB: two do not know of each other's transactions.
type DB struct {
	pool       *sql.DB
	savepoints savepoints
	join       bool

	// current holds what a statement runs in, as code sees it: a Run, or an Outside. It travels with the frame.
	current *gls.Storage[*scope]
	untyped *frame.Storage // of current, for packages carrier and frame

	// entered holds the same by goroutine, for others to ask: the outermost Run's scope or the Outside's, whichever is
	// the inner one. A goroutine that is in no Run has none.
	entered sync.Map // of uint64 to *scope

	// open is the number of transactions that Run has open. While it is 0, a statement needs no look at entered.
	open atomic.Int64

	begun   atomic.Uint64 // numbers the transactions
	seen    sightings
	waiting atomic.Int64 // connections held by those that wait for one, see scope.wait
}

// New returns a DB on db's connections. It panics if db is nil.
func New(db *sql.DB, opts ...Option) *DB {
	if db == nil {
		panic("glssql.New: nil *sql.DB")
	}
	d := &DB{
		pool:       db,
		savepoints: savepoints{"SAVEPOINT %s", "ROLLBACK TO SAVEPOINT %s", "RELEASE SAVEPOINT %s"},
		current:    gls.New[*scope]("glssql.DB"),
	}
	d.untyped = inspect.Untyped(d.current)
	for _, o := range opts {
		o.apply(d)
	}
	return d
}

// Unwrap returns the *sql.DB that was given to New. Statements on it are no part of any Run.
func (db *DB) Unwrap() *sql.DB { return db.pool }

// GetDBConn is Unwrap for GORM, which asks for it by this name.
func (db *DB) GetDBConn() (*sql.DB, error) { return db.pool, nil }

// InTx reports whether a statement here is part of a transaction: false outside of a Run and in Outside, and where a
// statement is refused because its transaction has ended or belongs to another goroutine.
func (db *DB) InTx() bool {
	s, _ := db.current.Get()
	return s.inTx() && s.goroutine == goroutine.ID() && s.state.Load() == open
}

// at returns the scope that the running code is in, nil for none, or why a statement is refused here.
func (db *DB) at() (*scope, error) {
	s, ok := db.current.Get()
	switch {
	case !ok:
		return nil, db.missing()
	case s.inTx():
		return s, s.check()
	}
	return s, nil
}

// missing returns why a statement is refused where nothing is set.
func (db *DB) missing() error {
	if carrier.Ended(db.untyped) {
		return ErrDone // with inheritance, a goroutine has let go of the values of a Run that is over
	}
	if db.open.Load() == 0 {
		return nil
	}
	return db.lost()
}

// enter makes s what others find of the running goroutine, and returns what undoes it. It runs for the outermost Run
// and for Outside, not for each statement.
func (db *DB) enter(s *scope) (leave func()) {
	previous, was := db.entered.Swap(s.goroutine, s)
	return func() {
		if was {
			db.entered.Store(s.goroutine, previous)
		} else {
			db.entered.Delete(s.goroutine)
		}
	}
}

// scopeOf returns what a goroutine has entered last, nil where it is in no Run.
func (db *DB) scopeOf(id uint64) *scope {
	s, _ := db.entered.Load(id)
	entered, _ := s.(*scope)
	return entered
}

// holds returns the number of connections that the Runs of a goroutine have.
func (db *DB) holds(id uint64) int {
	if s := db.scopeOf(id); s != nil {
		return s.held
	}
	return 0
}
