package glssql

import (
	"context"
	"database/sql"

	"github.com/ambient-go/ambient/internal/goroutine"
)

// Run calls fn in a transaction. Statements on db in fn, and in all that fn calls on this
// goroutine, are part of it. A nil error commits. An error, a panic, runtime.Goexit and the end of
// ctx roll back. Run returns fn's error as it is, or the error of beginning or committing. A panic
// passes through as it is. Opts are those of [sql.DB.BeginTx].
//
// Inside of another Run of the same DB, Run sets a savepoint. An error in fn goes back to the
// savepoint, and the enclosing Run goes on. JoinNested changes that. The opts of an inner Run may
// only ask for options that the outermost Run has; nil asks for none.
//
// Where a statement is refused, so is Run. It panics if ctx or fn is nil.
func (db *DB) Run(ctx context.Context, opts *sql.TxOptions, fn func() error) error {
	if ctx == nil {
		panic("glssql.DB.Run: nil context")
	}
	if fn == nil {
		panic("glssql.DB.Run: nil function")
	}
	at, err := db.at()
	switch {
	case err != nil:
		return err
	case at.inTx():
		s, err := at.nest(ctx, opts)
		if err != nil {
			return err
		}
		return s.run(ctx, fn)
	}
	s, err := db.outermost(ctx, at, opts, fn)
	if err != nil {
		return err
	}
	runAll(s.hooks)
	return nil
}

// outermost begins a transaction on the pool and runs fn in it.
func (db *DB) outermost(ctx context.Context, at *scope, opts *sql.TxOptions, fn func() error) (*scope, error) {
	tx, err := db.beginOutside(ctx, at, opts)
	if err != nil {
		return nil, err
	}
	id := goroutine.ID()
	s := &scope{db: db, goroutine: id, held: db.holds(id) + 1}
	s.tx = &transaction{Tx: tx, ctx: ctx, number: db.begun.Add(1), top: s}
	if opts != nil {
		s.tx.opts = *opts
	}
	defer db.enter(s)()
	db.open.Add(1)
	defer db.open.Add(-1)
	return s, s.run(ctx, fn)
}

// run calls fn in s and commits or rolls back s.
func (s *scope) run(ctx context.Context, fn func() error) (err error) {
	defer func() {
		if s.state.Load() == open {
			s.rollback(errUnwound)
		}
	}()
	s.db.current.Run(s, func() { err = fn() })
	if err != nil {
		s.rollback(err)
		return err
	}
	return s.commit(ctx)
}
