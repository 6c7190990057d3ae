package glssql_test

import (
	"context"
	"database/sql"
	"errors"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glssql"
)

func TestNestedRunIsASavepoint(t *testing.T) {
	r, db := newRecorder(t)
	require.NoError(t, run(db, func() error {
		insert(t, db, "a")
		return run(db, func() error { return try(db, "b") })
	}))
	assert.Equal(t, []string{
		"begin", "insert a", "SAVEPOINT ambient_1", "insert b", "RELEASE SAVEPOINT ambient_1", "commit",
	}, r.Log())
	assert.Equal(t, []string{"a", "b"}, r.Rows())
}

func TestNestedErrorGoesBackToItsSavepointAlone(t *testing.T) {
	r, db := newRecorder(t)
	require.NoError(t, run(db, func() error {
		insert(t, db, "a")
		err := run(db, func() error {
			insert(t, db, "b")
			require.NoError(t, run(db, func() error { return try(db, "c") }))
			return errBoom
		})
		assert.True(t, err == errBoom, "the very error")
		require.NoError(t, run(db, func() error { return try(db, "d") }))
		insert(t, db, "e")
		return nil
	}))
	assert.Equal(t, []string{"a", "d", "e"}, r.Rows())
}

func TestNestedPanicGoesBackToItsSavepoint(t *testing.T) {
	r, db := newRecorder(t)
	require.NoError(t, run(db, func() error {
		insert(t, db, "a")
		assert.Equal(t, "boom", panicOf(func() {
			_ = run(db, func() error { insert(t, db, "b"); panic("boom") })
		}))
		insert(t, db, "c")
		return nil
	}))
	assert.Equal(t, []string{"a", "c"}, r.Rows())
}

// Databases keep a savepoint that was rolled back to. Thousands of them slow PostgreSQL down and fill its memory.
func TestFailedNestedRunsDoNotPileUp(t *testing.T) {
	r, db := newRecorder(t)
	require.NoError(t, run(db, func() error {
		for range 3 {
			_ = run(db, func() error { return errBoom })
		}
		return nil
	}))
	assert.Equal(t, []string{
		"begin",
		"SAVEPOINT ambient_1", "ROLLBACK TO SAVEPOINT ambient_1", "RELEASE SAVEPOINT ambient_1",
		"SAVEPOINT ambient_2", "ROLLBACK TO SAVEPOINT ambient_2", "RELEASE SAVEPOINT ambient_2",
		"SAVEPOINT ambient_3", "ROLLBACK TO SAVEPOINT ambient_3", "RELEASE SAVEPOINT ambient_3",
		"commit",
	}, r.Log())
}

func TestSavepointsHaveTheTextsOfTheDatabase(t *testing.T) {
	r, db := newRecorder(t, glssql.Savepoints("SAVE TRAN %s /* 100% */", "ROLLBACK TRAN %s", ""))
	require.NoError(t, run(db, func() error {
		_ = run(db, func() error { return errBoom })
		return run(db, func() error { return nil })
	}))
	assert.Equal(t, []string{
		"begin", "SAVE TRAN ambient_1 /* 100% */", "ROLLBACK TRAN ambient_1", "SAVE TRAN ambient_2 /* 100% */", "commit",
	}, r.Log())
}

func TestNestedRunWithoutASavepointCallsNothing(t *testing.T) {
	r, db := newRecorder(t)
	r.Fail("SAVEPOINT ambient_1", errBoom)
	require.NoError(t, run(db, func() error {
		insert(t, db, "a")
		assert.Equal(t, errBoom, run(db, func() error { t.Error("called"); return nil }))
		insert(t, db, "b")
		return nil
	}))
	assert.Equal(t, []string{"a", "b"}, r.Rows())
}

func TestFailedReleaseGoesBackToTheSavepoint(t *testing.T) {
	r, db := newRecorder(t)
	r.Fail("RELEASE SAVEPOINT ambient_1", errBoom)
	require.NoError(t, run(db, func() error {
		insert(t, db, "a")
		assert.Equal(t, errBoom, run(db, func() error { return try(db, "b") }))
		return nil
	}))
	assert.Equal(t, []string{"a"}, r.Rows())
}

// What a nested Run wrote would be committed with the rest.
func TestFailedRollbackToSavepointDoomsTheEnclosingRun(t *testing.T) {
	errBack := errors.New("cannot go back")
	r, db := newRecorder(t)
	r.Fail("ROLLBACK TO SAVEPOINT ambient_2", errBack)
	require.NoError(t, run(db, func() error {
		insert(t, db, "a")
		err := run(db, func() error { // ambient_1 can be gone back to
			err := run(db, func() error { insert(t, db, "b"); return errBoom })
			assert.Equal(t, errBoom, err)
			assert.ErrorIs(t, try(db, "c"), glssql.ErrDoomed)
			return nil
		})
		assert.ErrorIs(t, err, glssql.ErrDoomed)
		assert.ErrorIs(t, err, errBoom)
		assert.ErrorIs(t, err, errBack)
		insert(t, db, "d")
		return nil
	}))
	assert.Equal(t, []string{"a", "d"}, r.Rows())
}

// PostgreSQL refuses all statements after one that has failed, the release of a savepoint too.
func TestSwallowedErrorOfAnAbortedTransactionIsNoCommit(t *testing.T) {
	r, db := newRecorder(t)
	r.aborts = true
	r.Fail("insert bad", errBoom)
	require.NoError(t, run(db, func() error {
		insert(t, db, "a")
		err := run(db, func() error {
			insert(t, db, "b")
			_ = try(db, "bad")
			return nil
		})
		assert.Equal(t, errAborted, err)
		insert(t, db, "c")
		return nil
	}))
	assert.Equal(t, []string{"a", "c"}, r.Rows())
	assert.Equal(t, errAborted, run(db, func() error { _ = try(db, "bad"); return nil }))
	assert.Equal(t, []string{"a", "c"}, r.Rows())
}

func TestNestedRunEndsWithItsContext(t *testing.T) {
	r, db := newRecorder(t)
	require.NoError(t, run(db, func() error {
		insert(t, db, "a")
		ctx, cancel := context.WithCancel(t.Context())
		assert.Equal(t, context.Canceled, db.Run(ctx, nil, func() error {
			insert(t, db, "b")
			cancel()
			return nil
		}))
		assert.Equal(t, context.Canceled, db.Run(ctx, nil, func() error { t.Error("called"); return nil }))
		insert(t, db, "c")
		return nil
	}))
	assert.Equal(t, []string{"a", "c"}, r.Rows())
}

func TestEndOfTheOuterContextEndsAllRuns(t *testing.T) {
	r, db := newRecorder(t)
	ctx, cancel := context.WithCancel(t.Context())
	err := db.Run(ctx, nil, func() error {
		insert(t, db, "a")
		_ = run(db, func() error {
			insert(t, db, "b")
			cancel()
			return nil
		})
		return nil
	})
	assert.Equal(t, context.Canceled, err)
	assert.Empty(t, r.Rows())
}

func TestNestedRunAsksForWhatTheOutermostHas(t *testing.T) {
	_, db := newRecorder(t)
	none := func() error { return nil }
	serializable := &sql.TxOptions{Isolation: sql.LevelSerializable}
	readOnly := &sql.TxOptions{ReadOnly: true}
	require.NoError(t, run(db, func() error {
		assert.NoError(t, db.Run(t.Context(), &sql.TxOptions{}, none))
		assert.ErrorContains(t, db.Run(t.Context(), serializable, none), "pass them to the outermost Run")
		assert.ErrorContains(t, db.Run(t.Context(), readOnly, none), "pass them to the outermost Run")
		return nil
	}))
	require.NoError(t, db.Run(t.Context(), serializable, func() error { return db.Run(t.Context(), serializable, none) }))
	require.NoError(t, db.Run(t.Context(), readOnly, func() error { return db.Run(t.Context(), readOnly, none) }))
	require.NoError(t, db.Run(t.Context(), readOnly, func() error { return run(db, none) }))
}

func TestJoinedRunHasNoSavepoint(t *testing.T) {
	r, db := newRecorder(t, glssql.JoinNested())
	require.NoError(t, run(db, func() error {
		insert(t, db, "a")
		return run(db, func() error { return try(db, "b") })
	}))
	assert.Equal(t, []string{"begin", "insert a", "insert b", "commit"}, r.Log())
}

func TestJoinedRunThatFailsDoomsAll(t *testing.T) {
	fails := map[string]func(db *glssql.DB){
		"by an error": func(db *glssql.DB) {
			assert.Equal(t, errBoom, run(db, func() error { _ = try(db, "b"); return errBoom }))
		},
		"by a panic": func(db *glssql.DB) {
			panicOf(func() { _ = run(db, func() error { _ = try(db, "b"); panic("boom") }) })
		},
		"by its context": func(db *glssql.DB) {
			ctx, cancel := context.WithCancel(t.Context())
			_ = db.Run(ctx, nil, func() error { cancel(); return try(db, "b") })
		},
		"in one that swallows it": func(db *glssql.DB) {
			err := run(db, func() error { _ = run(db, func() error { return errBoom }); return nil })
			assert.ErrorIs(t, err, glssql.ErrDoomed)
			assert.ErrorIs(t, err, errBoom)
		},
	}
	for name, fail := range fails {
		t.Run(name, func(t *testing.T) {
			r, db := newRecorder(t, glssql.JoinNested())
			err := run(db, func() error {
				insert(t, db, "a")
				fail(db)
				assert.True(t, db.InTx())
				assert.ErrorIs(t, try(db, "c"), glssql.ErrDoomed)
				assert.ErrorIs(t, run(db, func() error { t.Error("called"); return nil }), glssql.ErrDoomed)
				return nil
			})
			assert.ErrorIs(t, err, glssql.ErrDoomed)
			assert.Empty(t, r.Rows())
			assert.Equal(t, errBoom, run(db, func() error { fail(db); return errBoom }), "an error of fn comes first")
			insert(t, db, "d")
		})
	}
}

// A function that was bound in the outer Run writes on the connection, after the savepoint: it is part of the inner Run.
func TestBoundInTheOuterRunIsPartOfTheInnerOne(t *testing.T) {
	r, db := newRecorder(t)
	require.NoError(t, run(db, func() error {
		bound := gls.Bind(func() {
			insert(t, db, "a")
			db.AfterCommit(func() { t.Error("called") })
			require.NoError(t, run(db, func() error { return try(db, "b") }))
		})
		_ = run(db, func() error { bound(); return errBoom })
		return nil
	}))
	assert.Empty(t, r.Rows())
}

// The driver may panic at each step. All is over then, and the next Run is as the first.
func TestPanicOfTheDriverLeavesNothingOpen(t *testing.T) {
	for _, step := range []string{
		"begin", "commit", "rollback", "SAVEPOINT ambient_1", "RELEASE SAVEPOINT ambient_1", "ROLLBACK TO SAVEPOINT ambient_1",
	} {
		t.Run(step, func(t *testing.T) {
			r, db := newRecorder(t)
			r.step = func(text string) error {
				if text == step {
					panic("driver")
				}
				return nil
			}
			fail := false
			var bound func() error
			body := func() error {
				bound = gls.Bind(func() error { return try(db, "late") })
				_ = run(db, func() error {
					if fail {
						return errBoom
					}
					return nil
				})
				if fail {
					return errBoom
				}
				return nil
			}
			value := panicOf(func() { _ = run(db, body) })
			fail = true
			if value == nil {
				value = panicOf(func() { _ = run(db, body) })
			}
			assert.Equal(t, "driver", value)
			assert.False(t, db.InTx())
			if bound != nil {
				assert.ErrorIs(t, bound(), glssql.ErrDone)
			}
			r.step = nil
			join(func() { insert(t, db, "a") })
		})
	}
}

func TestGoexitAfterARecoveredPanicStillRollsBack(t *testing.T) {
	r, db := newRecorder(t)
	join(func() {
		_ = run(db, func() error {
			defer func() { _ = recover(); runtime.Goexit() }()
			insert(t, db, "a")
			panic("boom")
		})
	})
	assert.Empty(t, r.Rows())
}
