package glssql

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/ambient-go/ambient/internal/goroutine"
)

// A scope is one Run, one BeginTx inside of a Run, or one Outside.
type scope struct {
	db        *DB
	goroutine uint64
	held      int // connections that the goroutine's Runs hold, this Run's included

	tx        *transaction // nil for Outside, which uses nothing below
	parent    *scope       // nil for the outermost Run
	savepoint string       // "" for the outermost Run and a joined Run

	// state goes from open to one of the other states once. The scope's goroutine writes it, under
	// tx.mu; any goroutine reads it.
	state atomic.Int32

	doomed error // the reason why s can only be rolled back, or nil; used by its goroutine alone

	hooks []func() // the functions of AfterCommit, in order; guarded by tx.mu
}

const (
	open      = iota
	merged    // into its parent
	dropped   // rolled back
	committed // the outermost Run
)

// A transaction holds the state that the scopes of one outermost Run share.
type transaction struct {
	*sql.Tx
	ctx    context.Context // the ctx of the outermost Run
	opts   sql.TxOptions
	number uint64 // the value of db.begun

	top   *scope // the innermost open scope, which statements are part of; used by its goroutine alone, as names is
	names int

	mu sync.Mutex // guards hooks and writes of state in all scopes
}

// inTx reports whether s belongs to a transaction. An Outside does not, nor does nil, which stands
// for neither.
func (s *scope) inTx() bool { return s != nil && s.tx != nil }

// check returns the error that refuses a statement in s here, or nil. Code that was bound in an
// outer scope and runs in an inner one is part of the inner scope, as all statements on the
// connection are.
func (s *scope) check() error {
	switch {
	case s.state.Load() != open:
		return ErrDone
	case s.goroutine != goroutine.ID():
		return ErrOtherGoroutine
	case s.tx.top.doomed != nil:
		return doomed(s.tx.top.doomed)
	}
	return nil
}

// nest opens a scope inside of s, whose check has passed.
func (s *scope) nest(ctx context.Context, opts *sql.TxOptions) (*scope, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if opts != nil && (opts.ReadOnly && !s.tx.opts.ReadOnly ||
		opts.Isolation != sql.LevelDefault && opts.Isolation != s.tx.opts.Isolation) {
		return nil, errOptions
	}
	inner := &scope{db: s.db, goroutine: s.goroutine, held: s.held, tx: s.tx, parent: s.tx.top}
	if !s.db.join {
		s.tx.names++
		inner.savepoint = "ambient_" + strconv.Itoa(s.tx.names)
		if err := inner.exec(s.db.savepoints.begin); err != nil {
			return nil, err
		}
	}
	s.tx.top = inner
	return inner, nil
}

// exec runs a savepoint statement. It uses the outermost Run's ctx: a driver may give up the
// connection of a statement whose ctx ends, and with it the whole transaction.
func (s *scope) exec(statement string) error {
	if statement == "" {
		return nil
	}
	_, err := s.tx.ExecContext(s.tx.ctx, s.db.savepoints.name(statement, s.savepoint))
	return err
}

// commit merges s into its parent, or commits the transaction if s is the outermost scope. If that
// is not possible, it rolls s back and returns the error.
func (s *scope) commit(ctx context.Context) error {
	err, to := ctx.Err(), int32(merged)
	switch {
	case err != nil:
	case s.tx.top != s:
		err = errLeftOpen
	case s.doomed != nil:
		err = doomed(s.doomed)
	case s.parent == nil:
		to = committed
		if err = s.tx.Commit(); errors.Is(err, sql.ErrTxDone) && ctx.Err() != nil {
			err = ctx.Err() // ctx has ended just now
		}
	case s.savepoint != "":
		err = s.exec(s.db.savepoints.release)
	}
	if err != nil {
		s.rollback(err)
		return err
	}
	s.end(to)
	return nil
}

// rollback undoes the statements in s, because of cause. If s cannot be undone by itself, rollback
// dooms the parent.
func (s *scope) rollback(cause error) {
	defer s.end(dropped) // the driver may panic
	switch {
	case s.parent == nil:
		// Rollback fails if nothing is left to roll back. The pool closes a broken connection.
		_ = s.tx.Rollback()
	case s.savepoint == "":
		s.parent.doom(cause)
	default:
		if err := s.exec(s.db.savepoints.rollback); err != nil {
			s.parent.doom(errors.Join(cause, err))
			return
		}
		// Most databases keep the savepoint after that. In a loop they would pile up.
		_ = s.exec(s.db.savepoints.release)
	}
}

func (s *scope) doom(cause error) {
	if s.doomed == nil {
		s.doomed = cause
	}
}

// end closes s and the scopes that are still open inside of it.
func (s *scope) end(state int32) {
	s.tx.mu.Lock()
	defer s.tx.mu.Unlock()
	for s.tx.top != s {
		s.tx.top.close(dropped)
	}
	s.close(state)
}

// close closes s. tx.mu is held.
func (s *scope) close(state int32) {
	switch state {
	case merged:
		s.parent.hooks = append(s.parent.hooks, s.hooks...)
		s.hooks = nil
	case dropped:
		s.hooks = nil
	}
	s.state.Store(state)
	s.tx.top = s.parent
}
