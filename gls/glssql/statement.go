package glssql

import (
	"context"
	"database/sql"

	"github.com/ambient-go/ambient/gls"
)

// A querier runs statements: a *sql.DB or a *sql.Tx.
type querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	PrepareContext(ctx context.Context, query string) (*sql.Stmt, error)
}

// target returns the querier for a statement here, and a function to call after the statement, nil
// for none.
func (db *DB) target(ctx context.Context) (on querier, done func(), err error) {
	s, err := db.at()
	switch {
	case err != nil:
		return nil, nil, err
	case s.inTx():
		return s.tx.Tx, nil, nil
	case s != nil:
		done, err = s.wait(ctx)
	}
	return db.pool, done, err
}

// ExecContext is [sql.DB.ExecContext] in the transaction of the innermost Run or, without one, on
// the pool. A refused statement returns ErrOtherGoroutine, ErrDone, ErrDoomed, ErrWouldDeadlock or
// an error that wraps a *gls.NotSetError.
func (db *DB) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	on, done, err := db.target(ctx)
	if err != nil {
		return nil, err
	}
	if done != nil {
		defer done()
	}
	return on.ExecContext(ctx, query, args...)
}

// QueryContext is [sql.DB.QueryContext], in the transaction or on the pool as ExecContext is. Rows
// that are open when their Run ends are closed.
func (db *DB) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	on, done, err := db.target(ctx)
	if err != nil {
		return nil, err
	}
	if done != nil {
		defer done()
	}
	return on.QueryContext(ctx, query, args...)
}

// QueryRowContext is [sql.DB.QueryRowContext], in the transaction or on the pool as ExecContext is.
// If the statement is refused, the row's Err and Scan return the error.
func (db *DB) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	on, done, err := db.target(ctx)
	if err != nil {
		return refusedRow(err)
	}
	if done != nil {
		defer done()
	}
	return on.QueryRowContext(ctx, query, args...)
}

// PrepareContext is [sql.DB.PrepareContext]. A statement that is prepared in a transaction belongs
// to it and ends with it. A statement that is prepared outside of a transaction belongs to the pool
// for good: its executions are part of no Run.
func (db *DB) PrepareContext(ctx context.Context, query string) (*sql.Stmt, error) {
	on, done, err := db.target(ctx)
	if err != nil {
		return nil, err
	}
	if done != nil {
		defer done()
	}
	return on.PrepareContext(ctx, query)
}

// Exec is ExecContext with the ambient context, [gls.Context].
func (db *DB) Exec(query string, args ...any) (sql.Result, error) {
	return db.ExecContext(gls.Context(), query, args...)
}

// Query is QueryContext with the ambient context, [gls.Context].
func (db *DB) Query(query string, args ...any) (*sql.Rows, error) {
	return db.QueryContext(gls.Context(), query, args...)
}

// QueryRow is QueryRowContext with the ambient context, [gls.Context].
func (db *DB) QueryRow(query string, args ...any) *sql.Row {
	return db.QueryRowContext(gls.Context(), query, args...)
}

// Prepare is PrepareContext with the ambient context, [gls.Context].
func (db *DB) Prepare(query string) (*sql.Stmt, error) {
	return db.PrepareContext(gls.Context(), query)
}

// refusedRow returns a row with an error. Only database/sql can make a row with an error, for a
// query that fails. This query fails because its context has ended, which database/sql checks
// first.
func refusedRow(err error) *sql.Row {
	return new(sql.DB).QueryRowContext(refusal{context.Background(), err}, "")
}

// A refusal is a context that has ended with a given error.
type refusal struct {
	context.Context
	err error
}

func (refusal) Done() <-chan struct{} { return ended }

func (r refusal) Err() error { return r.err }

var ended = func() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()
