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
	held      int // connections that the goroutine's Runs have, this one's included

	tx        *transaction // nil for Outside, which uses nothing below
	parent    *scope       // nil for the outermost Run
	savepoint string       // "" for the outermost Run and for one that joined

	// state goes from open to one of the others once. The scope's goroutine writes it, under tx.mu; all read it.
	state atomic.Int32

	doomed error // why it can only be rolled back, of its goroutine alone

	hooks []func() // of AfterCommit, in order; guarded by tx.mu
}

const (
	open      = iota
	merged    // into its parent
	dropped   // rolled back
	committed // the outermost one
)

// A transaction is what the scopes of one outermost Run share.
type transaction struct {
	*sql.Tx
	ctx    context.Context // the outermost Run's
	opts   sql.TxOptions
	number uint64 // of db.begun

	top   *scope // the innermost open scope: what a statement is in fact part of. Of its goroutine alone, as names
	names int

	mu sync.Mutex // see scope
}

// inTx reports whether s is a transaction's: not an Outside's, and not nil, which stands for neither.
func (s *scope) inTx() bool { return s != nil && s.tx != nil }

// check returns why a statement in s is refused here. Code that was bound in an outer scope and runs in an inner one is
// part of the inner one, as all that happens on the connection is.
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

// exec runs one of the statements on savepoints. Its ctx is the outermost Run's: a driver may give up the connection of
// a statement whose ctx ends, and with it all of the transaction.
func (s *scope) exec(statement string) error {
	if statement == "" {
		return nil
	}
	_, err := s.tx.ExecContext(s.tx.ctx, s.db.savepoints.name(statement, s.savepoint))
	return err
}

// commit ends s as far as its parent lets it, or rolls it back and returns why.
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
			err = ctx.Err() // it has ended just now
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

// rollback undoes what was done in s, because of cause. Where that is not possible by itself, the parent is doomed.
func (s *scope) rollback(cause error) {
	defer s.end(dropped) // the driver may panic
	switch {
	case s.parent == nil:
		// It fails where nothing is left to roll back. The pool sees to a broken connection.
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

// end closes s and what is still open inside of it.
func (s *scope) end(state int32) {
	s.tx.mu.Lock()
	defer s.tx.mu.Unlock()
	for s.tx.top != s {
		s.tx.top.close(dropped)
	}
	s.close(state)
}

// close needs tx.mu.
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
