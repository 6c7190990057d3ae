// Package other has the statements of a program.
package other

import (
	"context"
	"database/sql"

	"github.com/ambient-go/ambient/gls/glssql"
)

// A Repo has both.
type Repo struct {
	raw *sql.DB
	db  *glssql.DB
}

// New wraps raw.
func New(raw *sql.DB) *Repo { return &Repo{raw: raw, db: glssql.New(raw)} }

// Insert is part of a transaction.
func (r *Repo) Insert(ctx context.Context) error { // want Insert:`does{Statements:\[db\] Escapes:}`
	_, err := r.db.ExecContext(ctx, "INSERT")
	return err
}

// InsertAll calls Insert.
func (r *Repo) InsertAll(ctx context.Context) error { return r.Insert(ctx) } // want InsertAll:`does{Statements:\[db\] Escapes:}`

// Log is none.
func (r *Repo) Log(ctx context.Context) error { // want Log:`does{Statements:\[\] Escapes:r.raw}`
	_, err := r.raw.ExecContext(ctx, "INSERT")
	return err
}

// LogOutside says so.
func (r *Repo) LogOutside(ctx context.Context) { // ok: outside
	r.db.Outside(func() { r.raw.ExecContext(ctx, "INSERT") })
}

// Later starts it.
func (r *Repo) Later(ctx context.Context) { // ok: not on the goroutine of the Run
	go r.raw.ExecContext(ctx, "INSERT")
}

// Audit is another database.
type Audit struct{ log *glssql.DB }

// Write is no part of other databases' transactions.
func (a *Audit) Write(ctx context.Context) error { // want Write:`does{Statements:\[log\] Escapes:}`
	_, err := a.log.ExecContext(ctx, "INSERT")
	return err
}

// WriteTo writes to any.
func WriteTo(ctx context.Context, to *glssql.DB) { to.ExecContext(ctx, "INSERT") } // want WriteTo:`does{Statements:\[\?\] Escapes:}`
