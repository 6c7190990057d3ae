package glssql_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glssql"
)

func TestOutsideIsThePool(t *testing.T) {
	r, db := newRecorder(t)
	err := run(db, func() error {
		insert(t, db, "a")
		db.Outside(func() {
			assert.False(t, db.InTx())
			insert(t, db, "b")
			require.NoError(t, run(db, func() error {
				assert.True(t, db.InTx())
				_ = run(db, func() error { insert(t, db, "x"); return errBoom })
				return try(db, "c")
			}))
			require.Equal(t, errBoom, run(db, func() error { insert(t, db, "y"); return errBoom }))
			db.Outside(func() { insert(t, db, "d") })
			done := make(chan error)
			gls.Go(func() { done <- try(db, "e") })
			require.NoError(t, <-done)
			go func() { done <- try(db, "f") }()
			require.NoError(t, <-done, "its creator is outside")
		})
		assert.True(t, db.InTx())
		return errBoom
	})
	assert.Equal(t, errBoom, err)
	assert.Equal(t, []string{"b", "c", "d", "e", "f"}, r.Rows())
	db.Outside(func() { insert(t, db, "g") })
}

func TestOutsideEndsAsRunDoes(t *testing.T) {
	r, db := newRecorder(t)
	require.NoError(t, run(db, func() error {
		assert.Equal(t, "boom", panicOf(func() { db.Outside(func() { panic("boom") }) }))
		insert(t, db, "a")
		inLostChild(func() { assert.ErrorIs(t, try(db, "bad"), gls.ErrNotSet, "the creator is inside again") })
		return nil
	}))
	assert.Equal(t, []string{"begin", "insert a", "commit"}, r.Log())
}

// The transaction holds the only connection and waits for another one.
func TestOutsideWithoutAnotherConnectionIsRefused(t *testing.T) {
	synctest.Test(t, testOutsideWithoutAnotherConnection)
}

func testOutsideWithoutAnotherConnection(t *testing.T) {
	defer func(start time.Time) { assert.Zero(t, time.Since(start), "at once: nobody else is concerned") }(time.Now())
	r, db := newRecorder(t)
	db.Unwrap().SetMaxOpenConns(1)
	require.NoError(t, run(db, func() error {
		db.Outside(func() {
			for what, ask := range statements(db) {
				assert.Equal(t, glssql.ErrWouldDeadlock, ask(), what)
			}
		})
		return try(db, "a")
	}))
	db.Outside(func() { insert(t, db, "b") })

	db.Unwrap().SetMaxOpenConns(2)
	require.NoError(t, run(db, func() error {
		db.Outside(func() {
			insert(t, db, "c")
			require.NoError(t, run(db, func() error {
				db.Outside(func() { assert.Equal(t, glssql.ErrWouldDeadlock, try(db, "bad")) })
				return try(db, "d")
			}))
			insert(t, db, "e")
		})
		return nil
	}))
	assert.Equal(t, []string{"a", "b", "c", "d", "e"}, r.Rows())
}

// Each transaction holds a connection of the two and waits for a third.
func TestOutsideInADeadlockOfSeveralIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, db := newRecorder(t)
		db.Unwrap().SetMaxOpenConns(2)
		errs := make(chan error)
		for i := range 2 {
			go func() {
				errs <- run(db, func() (err error) {
					time.Sleep(time.Duration(1+i) * time.Second)
					db.Outside(func() { err = try(db, "a") })
					return err
				})
			}()
		}
		assert.Equal(t, glssql.ErrWouldDeadlock, <-errs, "the second to come gives up")
		assert.NoError(t, <-errs, "so the first one gets its connection")
	})
}

func TestOutsideThatWaitsForAnotherIsNoDeadlock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, db := newRecorder(t)
		db.Unwrap().SetMaxOpenConns(2)
		r.step = func(text string) error {
			if text == "insert slow" {
				time.Sleep(time.Minute)
			}
			return nil
		}
		done := make(chan error, 2)
		go func() { done <- run(db, func() error { return try(db, "slow") }) }()
		go func() {
			done <- run(db, func() (err error) {
				db.Outside(func() { err = try(db, "b") }) // waits for the first one's connection
				return err
			})
		}()
		assert.NoError(t, <-done)
		assert.NoError(t, <-done)
	})
}

func TestOutsideGivesUpWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, db := newRecorder(t)
		db.Unwrap().SetMaxOpenConns(2)
		errs := make(chan error)
		for i := range 2 {
			go func() {
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(2-i)*2*time.Second+50*time.Millisecond)
				defer cancel()
				errs <- run(db, func() (err error) {
					time.Sleep(2 * time.Second)
					db.Outside(func() { _, err = db.ExecContext(ctx, "insert a") })
					return err
				})
			}()
		}
		assert.Equal(t, context.DeadlineExceeded, <-errs)
		assert.NoError(t, <-errs)
	})
}

func TestOutsideThatIsBoundIsOutsideLater(t *testing.T) {
	r, db := newRecorder(t)
	db.Unwrap().SetMaxOpenConns(1)
	var bound func()
	require.NoError(t, run(db, func() error {
		db.Outside(func() { bound = gls.Bind(func() { insert(t, db, "a") }) })
		return nil
	}))
	bound()
	join(bound)
	assert.Equal(t, []string{"a", "a"}, r.Rows())
}
