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

// A DB runs statements in the transaction of the running flow of control, and without one on the
// pool of a *sql.DB. It is safe for concurrent use. Make one DB for each *sql.DB: two DBs do not
// know of each other's transactions.
type DB struct {
	pool       *sql.DB
	savepoints savepoints
	join       bool

	// current holds the scope of a statement as the code sees it: a Run, or an Outside. It travels
	// with the frame.
	current *gls.Storage[*scope]
	untyped *frame.Storage // current, for packages carrier and frame

	// entered holds, for each goroutine that is in a Run, the innermost of its outermost Runs and
	// Outsides. Other goroutines read it.
	entered sync.Map // of uint64 to *scope

	// open is the number of open transactions of Run. While it is 0, a statement does not look at
	// entered.
	open atomic.Int64

	begun   atomic.Uint64 // numbers the transactions
	seen    sightings
	waiting atomic.Int64 // connections held by goroutines that wait for one, see scope.wait
}

// New returns a DB that uses the connections of db. It panics if db is nil.
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

// Unwrap returns the *sql.DB that was given to New. Statements on it are part of no Run.
func (db *DB) Unwrap() *sql.DB { return db.pool }

// GetDBConn is Unwrap for GORM, which calls it by this name.
func (db *DB) GetDBConn() (*sql.DB, error) { return db.pool, nil }

// InTx reports whether a statement here is part of a transaction. It is false outside of a Run, in
// Outside, and where a statement is refused because its transaction has ended or belongs to another
// goroutine.
func (db *DB) InTx() bool {
	s, _ := db.current.Get()
	return s.inTx() && s.goroutine == goroutine.ID() && s.state.Load() == open
}

// at returns the scope of the running code, nil for none, or the error that refuses a statement
// here.
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

// missing returns the error that refuses a statement where no scope is set, or nil.
func (db *DB) missing() error {
	if carrier.Ended(db.untyped) {
		return ErrDone // with inheritance, this goroutine dropped the values of a Run that has ended
	}
	if db.open.Load() == 0 {
		return nil
	}
	return db.lost()
}

// enter stores s as the running goroutine's entry in entered, and returns the function that puts
// the previous entry back. The outermost Run and Outside call it, and no statement does.
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

// scopeOf returns the goroutine's entry in entered, nil if it is in no Run.
func (db *DB) scopeOf(id uint64) *scope {
	s, _ := db.entered.Load(id)
	entered, _ := s.(*scope)
	return entered
}

// holds returns the number of connections that a goroutine's Runs hold.
func (db *DB) holds(id uint64) int {
	if s := db.scopeOf(id); s != nil {
		return s.held
	}
	return 0
}
