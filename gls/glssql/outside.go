package glssql

import (
	"context"
	"time"

	"github.com/ambient-go/ambient/internal/goroutine"
)

// Outside calls fn outside of the transaction. Statements in fn, and a Run in it, take a connection
// of their own from the pool; so do goroutines that fn starts by gls.Go. They do not see the
// transaction's uncommitted writes. If they need one of its locks, they wait until their ctx ends.
// Outside is also the remedy for goroutines and bound functions whose statements are refused. It
// panics if fn is nil.
func (db *DB) Outside(fn func()) {
	if fn == nil {
		panic("glssql.DB.Outside: nil function")
	}
	s := &scope{db: db, goroutine: goroutine.ID()}
	if s.held = db.holds(s.goroutine); s.held > 0 {
		defer db.enter(s)()
	}
	db.current.Run(s, fn)
}

// wait waits until a statement of an Outside may take a connection, and returns the function to
// call after the statement, nil for none.
//
// While the goroutine waits for a connection, it keeps those of its Runs. If all goroutines that
// wait in this way hold as many connections as the pool may have, none can become free. The sum
// also counts goroutines that have got their connection, ran the statement and have not called done
// yet. A deadlock lasts, so wait looks again for a while.
func (s *scope) wait(ctx context.Context) (done func(), err error) {
	if s.db.scopeOf(goroutine.ID()) != s {
		return nil, nil //nolint:nilnil // in no Run, on another goroutine, or bound and called later
	}
	limit := int64(s.db.pool.Stats().MaxOpenConnections)
	if limit == 0 {
		return nil, nil //nolint:nilnil // the pool has no limit
	}
	held := int64(s.held)
	done = func() { s.db.waiting.Add(-held) }
	sum := s.db.waiting.Add(held)
	for range deadlockTries {
		if sum < limit {
			return done, nil
		}
		if held >= limit {
			break // others do not matter
		}
		select {
		case <-ctx.Done():
			done()
			return nil, ctx.Err()
		case <-time.After(deadlockPause):
		}
		sum = s.db.waiting.Load()
	}
	done()
	return nil, ErrWouldDeadlock
}

const (
	deadlockTries = 20
	deadlockPause = 10 * time.Millisecond
)
