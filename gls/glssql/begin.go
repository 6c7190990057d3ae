package glssql

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"

	"github.com/ambient-go/ambient/gls"
)

// BeginTx is for libraries that begin transactions themselves, as GORM does for each Create. Prefer
// Run.
//
// Inside of a Run, BeginTx sets a savepoint, and the *sql.Tx that it returns is a part of that
// Run's transaction: Commit releases the savepoint and Rollback goes back to it. Statements on the
// DB before the Commit or Rollback are part of it too. If the transaction is still open when the
// function of the Run returns, the Run fails.
//
// Outside of a Run, BeginTx is [sql.DB.BeginTx]: statements on the DB are no part of that
// transaction.
func (db *DB) BeginTx(ctx context.Context, opts *sql.TxOptions) (*sql.Tx, error) {
	at, err := db.at()
	switch {
	case err != nil:
		return nil, err
	case !at.inTx():
		return db.beginOutside(ctx, at, opts)
	}
	s, err := at.nest(ctx, opts)
	if err != nil {
		return nil, err
	}
	begun := sql.OpenDB(begunTx{s, ctx})
	defer begun.Close() // the transaction that has begun goes on
	// The end of ctx would roll back on another goroutine, at any time. Commit looks at ctx
	// instead.
	return begun.BeginTx(context.WithoutCancel(ctx), opts)
}

// Begin is BeginTx with the ambient context, [gls.Context], and default options.
func (db *DB) Begin() (*sql.Tx, error) { return db.BeginTx(gls.Context(), nil) }

// beginOutside begins a transaction on the pool.
func (db *DB) beginOutside(ctx context.Context, at *scope, opts *sql.TxOptions) (*sql.Tx, error) {
	if at != nil {
		done, err := at.wait(ctx)
		if err != nil {
			return nil, err
		}
		if done != nil {
			defer done()
		}
	}
	return db.pool.BeginTx(ctx, opts)
}

// A begunTx is the driver, with its one connection, of a *sql.Tx that BeginTx returns inside of a
// Run. It passes statements on to the Run's *sql.Tx: arguments as they came, rows as that *sql.Tx
// has read them.
type begunTx struct {
	scope *scope
	ctx   context.Context
}

var (
	_ driver.Connector          = begunTx{}
	_ driver.ConnBeginTx        = begunTx{}
	_ driver.ConnPrepareContext = begunTx{}
	_ driver.ExecerContext      = begunTx{}
	_ driver.QueryerContext     = begunTx{}
	_ driver.NamedValueChecker  = begunTx{}
)

func (t begunTx) Connect(context.Context) (driver.Conn, error) { return t, nil }

func (t begunTx) Driver() driver.Driver { return t.scope.db.pool.Driver() }

func (t begunTx) Close() error { return nil }

func (t begunTx) Begin() (driver.Tx, error) { return t, nil }

func (t begunTx) BeginTx(context.Context, driver.TxOptions) (driver.Tx, error) { return t, nil }

// Commit ends the scope as Run does if its function returns nil.
func (t begunTx) Commit() error {
	if err := t.scope.check(); err != nil && !errors.Is(err, ErrDoomed) {
		return err
	}
	return t.scope.commit(t.ctx)
}

// Rollback ends the scope as Run does if its function fails.
func (t begunTx) Rollback() error {
	if err := t.scope.check(); err != nil && !errors.Is(err, ErrDoomed) {
		return err
	}
	t.scope.rollback(errRolledBack)
	return nil
}

// CheckNamedValue accepts every argument: the database's own driver checks them.
func (t begunTx) CheckNamedValue(*driver.NamedValue) error { return nil }

func (t begunTx) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if err := t.scope.check(); err != nil {
		return nil, err
	}
	return t.scope.tx.ExecContext(ctx, query, arguments(args)...)
}

func (t begunTx) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if err := t.scope.check(); err != nil {
		return nil, err
	}
	return newRows(t.scope.tx.QueryContext(ctx, query, arguments(args)...))
}

func (t begunTx) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	if err := t.scope.check(); err != nil {
		return nil, err
	}
	stmt, err := t.scope.tx.PrepareContext(ctx, query)
	return begunStmt{t, stmt}, err
}

func (t begunTx) Prepare(query string) (driver.Stmt, error) {
	return t.PrepareContext(context.Background(), query)
}

// arguments turns the arguments of a driver back into those of a user.
func arguments(named []driver.NamedValue) []any {
	args := make([]any, len(named))
	for i, n := range named {
		args[i] = n.Value
		if n.Name != "" {
			args[i] = sql.Named(n.Name, n.Value)
		}
	}
	return args
}
