package glssql_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glssql"
)

// What libraries ask for as a connection.
var (
	_ interface { // GORM's ConnPool and TxBeginner, goqu's SQLDatabase, boil's ContextExecutor and ContextBeginner, bun's IConn
		ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
		QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
		QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
		PrepareContext(ctx context.Context, query string) (*sql.Stmt, error)
		BeginTx(ctx context.Context, opts *sql.TxOptions) (*sql.Tx, error)
		Begin() (*sql.Tx, error)
		GetDBConn() (*sql.DB, error)
	} = (*glssql.DB)(nil)
	_ interface { // squirrel's StdSql, boil's Executor
		Exec(query string, args ...any) (sql.Result, error)
		Query(query string, args ...any) (*sql.Rows, error)
		QueryRow(query string, args ...any) *sql.Row
		Prepare(query string) (*sql.Stmt, error)
	} = (*glssql.DB)(nil)
)

func TestEachStatementRunsInTheTransaction(t *testing.T) {
	ctx := context.Background()
	count := func(rows *sql.Rows, err error) int {
		require.NoError(t, err)
		defer rows.Close()
		n := 0
		for rows.Next() {
			n++
		}
		require.NoError(t, rows.Err())
		return n
	}
	r, db := newRecorder(t)
	for _, in := range []bool{true, false} {
		body := func() error {
			insert(t, db, "a")
			_, err := db.Exec("insert ?", "b")
			require.NoError(t, err)
			stmt, err := db.Prepare("insert ?")
			require.NoError(t, err)
			_, err = stmt.Exec("c")
			require.NoError(t, err)
			stmt2, err := db.PrepareContext(ctx, "insert ?")
			require.NoError(t, err)
			_, err = stmt2.Exec("d")
			require.NoError(t, err)
			assert.Equal(t, 4, count(db.Query("select")))
			assert.Equal(t, 4, count(db.QueryContext(ctx, "select")))
			var first string
			require.NoError(t, db.QueryRow("select").Scan(&first))
			require.NoError(t, db.QueryRowContext(ctx, "select").Scan(&first))
			assert.Equal(t, "a", first)
			require.NoError(t, stmt2.Close())
			return errBoom
		}
		if in {
			assert.Equal(t, errBoom, run(db, body))
			assert.Empty(t, r.Rows())
		} else {
			assert.Equal(t, errBoom, body())
			assert.Len(t, r.Rows(), 4)
		}
	}
}

func TestRowsThatAreOpenWhenTheRunEndsAreClosed(t *testing.T) {
	for _, end := range []error{nil, errBoom} {
		_, db := newRecorder(t)
		db.Unwrap().SetMaxOpenConns(1)
		insert(t, db, "a")
		insert(t, db, "b")
		var rows *sql.Rows
		var row *sql.Row
		err := run(db, func() (err error) {
			rows, err = db.Query("select") //nolint:sqlclosecheck // the test
			require.NoError(t, err)
			require.True(t, rows.Next())
			row = db.QueryRow("select")
			return end
		})
		assert.Equal(t, end, err)
		assert.False(t, rows.Next())
		assert.Error(t, rows.Err(), "not as if these had been all")
		assert.Error(t, row.Scan(new(string)))
		insert(t, db, "c") // the connection is free
	}
}

func TestStatementPreparedInATransactionEndsWithIt(t *testing.T) {
	r, db := newRecorder(t)
	var stmt *sql.Stmt
	require.NoError(t, run(db, func() (err error) {
		stmt, err = db.Prepare("insert a")
		require.NoError(t, err)
		_, err = stmt.Exec()
		return err
	}))
	_, err := stmt.Exec()
	assert.Error(t, err)
	assert.Equal(t, []string{"a"}, r.Rows())
}

func TestRefusedRowNeedsNoDatabase(t *testing.T) {
	r, db := newRecorder(t)
	var bound func() *sql.Row
	require.NoError(t, run(db, func() error {
		bound = gls.Bind(func() *sql.Row { return db.QueryRow("select") })
		return nil
	}))
	r.Log()
	assert.True(t, bound().Err() == glssql.ErrDone, "the very error")
	assert.Equal(t, glssql.ErrDone, bound().Scan(new(string)))
	assert.Empty(t, r.Log())
}

func TestBrokenConnectionInATransactionIsNeverReplaced(t *testing.T) {
	for _, step := range []string{"insert b", "commit", "SAVEPOINT ambient_1", "RELEASE SAVEPOINT ambient_1"} {
		r, db := newRecorder(t)
		r.Fail(step, driver.ErrBadConn)
		err := run(db, func() error {
			insert(t, db, "a")
			if err := run(db, func() error { return nil }); err != nil {
				return err
			}
			return try(db, "b")
		})
		assert.ErrorIs(t, err, driver.ErrBadConn, step)
		assert.Empty(t, r.Rows(), step)
		r.step = nil
		insert(t, db, "c")
	}
}

func TestStatementAllocatesNoMoreThanOnTheOriginal(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	r, db := newRecorder(t)
	ctx := context.Background()
	r.mute = true
	allocs := func(on interface {
		ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	}) int {
		return int(testing.AllocsPerRun(200, func() { _, _ = on.ExecContext(ctx, "update") }))
	}
	plain := allocs(db.Unwrap())
	assert.Equal(t, plain, allocs(db))
	other := make(chan struct{})
	go gls.Isolate(func() { _ = run(db, func() error { other <- struct{}{}; <-other; return nil }) })
	<-other
	assert.Equal(t, plain, allocs(db), "while another goroutine is in a transaction")
	other <- struct{}{}
	tx, err := db.Unwrap().Begin()
	require.NoError(t, err)
	inTx := allocs(tx)
	require.NoError(t, tx.Rollback())
	require.NoError(t, run(db, func() error {
		assert.Equal(t, inTx, allocs(db))
		return nil
	}))
}
