package glssql_test

import (
	"runtime"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glssql"
)

// A list takes down what is called, in order.
type list struct {
	mu    sync.Mutex
	names []string
}

func (l *list) add(name string) func() {
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.names = append(l.names, name)
	}
}

func TestAfterCommitIsCalledInOrderAfterTheOutermostCommit(t *testing.T) {
	r, db := newRecorder(t)
	var called list
	require.NoError(t, run(db, func() error {
		db.AfterCommit(called.add("1"))
		require.NoError(t, run(db, func() error { db.AfterCommit(called.add("2")); return nil }))
		db.AfterCommit(func() {
			assert.Equal(t, []string{"begin", "SAVEPOINT ambient_1", "RELEASE SAVEPOINT ambient_1", "commit"}, r.Log())
		})
		db.AfterCommit(called.add("3"))
		assert.Empty(t, called.names)
		return nil
	}))
	assert.Equal(t, []string{"1", "2", "3"}, called.names)
}

func TestAfterCommitIsDroppedByARollbackOfItsScope(t *testing.T) {
	_, db := newRecorder(t)
	var called list
	require.NoError(t, run(db, func() error {
		db.AfterCommit(called.add("1"))
		_ = run(db, func() error {
			db.AfterCommit(called.add("dropped"))
			_ = run(db, func() error { db.AfterCommit(called.add("dropped")); return nil })
			return errBoom
		})
		panicOf(func() { _ = run(db, func() error { db.AfterCommit(called.add("dropped")); panic("boom") }) })
		db.AfterCommit(called.add("2"))
		return nil
	}))
	_ = run(db, func() error { db.AfterCommit(called.add("dropped")); return errBoom })
	assert.Equal(t, []string{"1", "2"}, called.names)
}

func TestAfterCommitOutsideOfATransactionIsCalledAtOnce(t *testing.T) {
	_, db := newRecorder(t)
	var called list
	db.AfterCommit(called.add("1"))
	require.NoError(t, run(db, func() error {
		db.Outside(func() {
			db.AfterCommit(called.add("2"))
			db.AfterCommit(func() { assert.False(t, db.InTx()) })
		})
		assert.Equal(t, []string{"1", "2"}, called.names)
		return nil
	}))
}

func TestAfterCommitRunsOutsideOnTheGoroutineOfRun(t *testing.T) {
	r, db := newRecorder(t)
	db.Unwrap().SetMaxOpenConns(1) // the connection is back in the pool
	user := gls.New[string]("user")
	var called list
	user.Run("Ada", func() {
		require.NoError(t, run(db, func() error {
			user.Run("Bob", func() {
				db.AfterCommit(func() {
					assert.False(t, db.InTx())
					name, _ := user.Get()
					assert.Equal(t, "Ada", name, "the values are those of Run's caller")
					insert(t, db, "b")
					db.AfterCommit(called.add("at once"))
					assert.Equal(t, []string{"at once"}, called.names)
					require.NoError(t, run(db, func() error { db.AfterCommit(called.add("nested")); return try(db, "c") }))
					done := make(chan error)
					gls.Go(func() { done <- try(db, "d") })
					require.NoError(t, <-done)
				})
			})
			return try(db, "a")
		}))
	})
	assert.Equal(t, []string{"a", "b", "c", "d"}, r.Rows())
	assert.Equal(t, []string{"at once", "nested"}, called.names)
}

func TestAfterCommitThatPanicsKeepsNoOtherFromItsCall(t *testing.T) {
	r, db := newRecorder(t)
	var called list
	value := panicOf(func() {
		_ = run(db, func() error {
			db.AfterCommit(called.add("1"))
			db.AfterCommit(func() { panic("first") })
			db.AfterCommit(called.add("2"))
			db.AfterCommit(func() { panic("second") })
			db.AfterCommit(called.add("3"))
			return try(db, "a")
		})
	})
	assert.Equal(t, "second", value)
	assert.Equal(t, []string{"1", "2", "3"}, called.names)
	assert.Equal(t, []string{"a"}, r.Rows(), "it is committed")
	assert.False(t, db.InTx())

	called = list{}
	join(func() {
		_ = run(db, func() error {
			db.AfterCommit(runtime.Goexit)
			db.AfterCommit(called.add("1"))
			return nil
		})
		t.Error("Goexit returned")
	})
	assert.Equal(t, []string{"1"}, called.names)
}

func TestAfterCommitOnAnotherGoroutineWaitsForTheCommitToo(t *testing.T) {
	for _, end := range []error{nil, errBoom} {
		for name, carry := range carryings() {
			r, db := newRecorder(t)
			var called list
			var during, later func(fn func())
			err := run(db, func() error {
				carry(func() { db.AfterCommit(called.add("during")) })
				assert.Empty(t, called.names, name)
				snapshot := gls.Capture()
				during = func(fn func()) { join(func() { snapshot.Run(fn) }) }
				require.NoError(t, run(db, func() error {
					snapshot := gls.Capture()
					later = snapshot.Run
					return nil
				}))
				later(func() { db.AfterCommit(called.add("merged")) })
				return end
			})
			assert.Equal(t, end, err)
			register := func() {
				db.AfterCommit(func() {
					called.add("later")()
					insert(t, db, "a")
				})
			}
			during(register)
			later(register)
			if end == nil {
				assert.Equal(t, []string{"during", "merged", "later", "later"}, called.names, name)
				assert.Equal(t, []string{"a", "a"}, r.Rows(), name)
			} else {
				assert.Empty(t, called.names, name)
			}
		}
	}
}

func TestAfterCommitIsSafeForConcurrentUse(t *testing.T) {
	_, db := newRecorder(t)
	var called list
	var wg gls.WaitGroup
	require.NoError(t, run(db, func() error {
		for i := range 20 {
			wg.Go(func() {
				for range 50 {
					db.AfterCommit(called.add(strconv.Itoa(i)))
				}
			})
			require.NoError(t, run(db, func() error { return nil }))
		}
		return nil
	}))
	wg.Wait()
	assert.Len(t, called.names, 1000)
}

func TestJoinedAfterCommitIsDroppedWithAll(t *testing.T) {
	_, db := newRecorder(t, glssql.JoinNested())
	var called list
	_ = run(db, func() error {
		_ = run(db, func() error { db.AfterCommit(called.add("dropped")); return errBoom })
		db.AfterCommit(called.add("dropped"))
		return nil
	})
	assert.Empty(t, called.names)
	require.NoError(t, run(db, func() error {
		return run(db, func() error { db.AfterCommit(called.add("1")); return nil })
	}))
	assert.Equal(t, []string{"1"}, called.names)
}
