package glssql_test

import (
	"context"
	"database/sql"
	"errors"
	"runtime"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glssql"
)

var errBoom = errors.New("boom")

func TestRunCommitsWhatAllItsCalleesWrote(t *testing.T) {
	r, db := newRecorder(t)
	var deep func(n int)
	deep = func(n int) {
		if n > 0 {
			deep(n - 1)
			return
		}
		assert.True(t, db.InTx())
		insert(t, db, "b")
	}
	require.NoError(t, run(db, func() error {
		insert(t, db, "a")
		deep(10)
		assert.Empty(t, r.Rows(), "nothing is seen before the commit")
		return nil
	}))
	assert.Equal(t, []string{"begin", "insert a", "insert b", "commit"}, r.Log())
	assert.Equal(t, []string{"a", "b"}, r.Rows())
	assert.False(t, db.InTx())
	insert(t, db, "c")
	assert.Equal(t, []string{"insert c"}, r.Log(), "after the Run a statement is the pool's")
}

func TestRunReturnsTheErrorItselfAndRollsBack(t *testing.T) {
	r, db := newRecorder(t)
	err := run(db, func() error { insert(t, db, "a"); return errBoom })
	assert.True(t, err == errBoom, "the very error")
	assert.Equal(t, []string{"begin", "insert a", "rollback"}, r.Log())
	r.Fail("rollback", errors.New("rollback failed"))
	err = run(db, func() error { return errBoom })
	assert.True(t, err == errBoom, "the very error")
	assert.Empty(t, r.Rows())
}

func TestRunPassesOptionsOn(t *testing.T) {
	r, db := newRecorder(t)
	opts := &sql.TxOptions{Isolation: sql.LevelSerializable, ReadOnly: true}
	require.NoError(t, db.Run(t.Context(), opts, func() error { return nil }))
	assert.Equal(t, []string{"begin Serializable read only", "commit"}, r.Log())
}

func TestRunThatCannotBeginCallsNothing(t *testing.T) {
	r, db := newRecorder(t)
	r.Fail("begin", errBoom)
	err := run(db, func() error { t.Error("called"); return nil })
	assert.Equal(t, errBoom, err)
	assert.False(t, db.InTx())
	assert.Equal(t, []string{"begin"}, r.Log())

	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	err = db.Run(canceled, nil, func() error { t.Error("called"); return nil })
	assert.Equal(t, context.Canceled, err)
}

func TestRunReturnsTheErrorOfAFailedCommit(t *testing.T) {
	r, db := newRecorder(t)
	r.Fail("commit", errBoom)
	err := run(db, func() error {
		db.AfterCommit(func() { t.Error("called") })
		return try(db, "a")
	})
	assert.Equal(t, errBoom, err)
	assert.Empty(t, r.Rows())
	assert.False(t, db.InTx())
}

func TestRunRollsBackAPanicAndLetsItPass(t *testing.T) {
	r, db := newRecorder(t)
	value := &struct{ n int }{1}
	var stack string
	func() {
		defer func() {
			stack = string(debug.Stack())
			assert.Same(t, value, recover())
		}()
		_ = run(db, func() error { insert(t, db, "a"); panicDeep(value); return nil })
	}()
	assert.Contains(t, stack, "panicDeep", "the stack is that of the panic: nothing has recovered it")
	assert.Equal(t, []string{"begin", "insert a", "rollback"}, r.Log())
	assert.False(t, db.InTx())
	insert(t, db, "b")
	assert.Equal(t, []string{"b"}, r.Rows())
}

//go:noinline
func panicDeep(value any) { panic(value) }

func TestRunRollsBackOnGoexit(t *testing.T) {
	r, db := newRecorder(t)
	join(func() {
		_ = run(db, func() error {
			insert(t, db, "a")
			_ = run(db, func() error { insert(t, db, "b"); runtime.Goexit(); return nil })
			t.Error("Goexit returned")
			return nil
		})
	})
	assert.Empty(t, r.Rows())
	log := r.Log()
	assert.Equal(t, "rollback", log[len(log)-1])
	assert.Contains(t, log, "ROLLBACK TO SAVEPOINT ambient_1")
}

func TestRunEndsWithItsContext(t *testing.T) {
	r, db := newRecorder(t)
	ctx, cancel := context.WithCancel(t.Context())
	err := db.Run(ctx, nil, func() error {
		insert(t, db, "a")
		cancel()
		return nil
	})
	assert.Equal(t, context.Canceled, err)
	assert.NotContains(t, r.Log(), "commit")
	assert.Empty(t, r.Rows())

	synctest.Test(t, func(t *testing.T) { // rolled back by then, on database/sql's own goroutine
		r, db := newRecorder(t)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := db.Run(ctx, nil, func() error {
			insert(t, db, "a")
			time.Sleep(2 * time.Second)
			assert.Equal(t, []string{"begin", "insert a", "rollback"}, r.Log())
			assert.ErrorIs(t, try(db, "b"), sql.ErrTxDone, "never on the pool")
			return nil
		})
		assert.Equal(t, context.DeadlineExceeded, err)
		assert.Empty(t, r.Rows())
	})
}

func TestRunWhoseContextEndsInCommitSaysWhatBecameOfIt(t *testing.T) {
	for _, fails := range []bool{false, true} {
		r, db := newRecorder(t)
		ctx, cancel := context.WithCancel(t.Context())
		r.step = func(text string) error {
			if text != "commit" {
				return nil
			}
			cancel()
			if fails {
				return ctx.Err()
			}
			return nil
		}
		err := db.Run(ctx, nil, func() error { return try(db, "a") })
		assert.Equal(t, fails, err != nil)
		assert.Equal(t, fails, len(r.Rows()) == 0)
	}
}

// A lateContext has ended, which its Err denies once.
type lateContext struct {
	context.Context
	deny atomic.Bool
}

func (c *lateContext) Err() error {
	if c.deny.CompareAndSwap(true, false) {
		return nil
	}
	return c.Context.Err()
}

func TestRunWhoseContextEndsRightBeforeCommitReturnsItsError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, db := newRecorder(t)
		inner, cancel := context.WithCancel(t.Context())
		ctx := &lateContext{Context: inner}
		err := db.Run(ctx, nil, func() error {
			insert(t, db, "a")
			cancel()
			synctest.Wait() // database/sql has rolled back
			ctx.deny.Store(true)
			return nil
		})
		assert.Equal(t, context.Canceled, err)
		assert.Empty(t, r.Rows())
	})
}

func TestRunLeavesNothingOpen(t *testing.T) {
	_, db := newRecorder(t)
	for _, body := range []func() error{
		func() error { assert.Equal(t, 1, glssql.Open(db)); return nil },
		func() error { return errBoom },
		func() error { panic("boom") },
		func() error { db.Outside(func() { _ = run(db, func() error { panic("boom") }) }); return nil },
	} {
		panicOf(func() { _ = run(db, body) })
		assert.Zero(t, glssql.Open(db), "else each statement elsewhere looks where it comes from")
	}
}

func TestRunsOfTwoDBsAreIndependent(t *testing.T) {
	r1, db1 := newRecorder(t)
	r2, db2 := newRecorder(t)
	err := run(db1, func() error {
		insert(t, db1, "a")
		insert(t, db2, "pool")
		require.NoError(t, run(db2, func() error {
			insert(t, db1, "b")
			return try(db2, "c")
		}))
		return errBoom
	})
	assert.Equal(t, errBoom, err)
	assert.Empty(t, r1.Rows())
	assert.Equal(t, []string{"pool", "c"}, r2.Rows())
}

func TestRunLeavesOtherValuesAlone(t *testing.T) {
	_, db := newRecorder(t)
	user := gls.New[string]("user")
	user.Run("Ada", func() {
		require.NoError(t, run(db, func() error {
			name, _ := user.Get()
			assert.Equal(t, "Ada", name)
			user.Enter("Bob")
			return nil
		}))
		name, _ := user.Get()
		assert.Equal(t, "Ada", name)
	})
}

func TestBadUsePanicsWithNothingChanged(t *testing.T) {
	r, db := newRecorder(t)
	none := func() error { return nil }
	for text, fn := range map[string]func(){
		"glssql.New: nil *sql.DB":             func() { glssql.New(nil) },
		"glssql.DB.Run: nil context":          func() { _ = db.Run(nil, nil, none) }, //nolint:staticcheck // the test
		"glssql.DB.Run: nil function":         func() { _ = run(db, nil) },
		"glssql.DB.Outside: nil function":     func() { db.Outside(nil) },
		"glssql.DB.AfterCommit: nil function": func() { db.AfterCommit(nil) },
		"glssql.Savepoints: the statement must hold %s once, for the name: SAVE": func() {
			glssql.Savepoints("SAVE", "ROLLBACK %s", "")
		},
		"glssql.Savepoints: the statement must hold %s once, for the name: ": func() { glssql.Savepoints("", "%s", "%s") },
		"glssql.Savepoints: the statement must hold %s once, for the name: %s %s": func() {
			glssql.Savepoints("%s", "%s %s", "")
		},
	} {
		assert.Equal(t, text, panicOf(fn))
	}
	assert.Empty(t, r.Log())
	assert.False(t, db.InTx())
}

func TestErrorTextsAreOneLine(t *testing.T) {
	for _, err := range []error{glssql.ErrOtherGoroutine, glssql.ErrDone, glssql.ErrDoomed, glssql.ErrWouldDeadlock} {
		assert.True(t, strings.HasPrefix(err.Error(), "glssql: "))
		assert.NotContains(t, err.Error(), "\n")
	}
}
