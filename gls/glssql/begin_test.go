package glssql_test

import (
	"context"
	"database/sql"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glssql"
)

func TestBeginInARunIsASavepointOfIt(t *testing.T) {
	r, db := newRecorder(t)
	ctx := t.Context()
	require.NoError(t, run(db, func() error {
		insert(t, db, "a")
		tx, err := db.BeginTx(ctx, nil)
		require.NoError(t, err)
		_, err = tx.ExecContext(ctx, "insert ?", "b")
		require.NoError(t, err)
		insert(t, db, "c")
		require.NoError(t, tx.Commit())
		assert.Equal(t, sql.ErrTxDone, tx.Rollback())

		tx, err = db.BeginTx(ctx, nil)
		require.NoError(t, err)
		_, err = tx.ExecContext(ctx, "insert d")
		require.NoError(t, err)
		insert(t, db, "e")
		db.AfterCommit(func() { t.Error("called") })
		require.NoError(t, tx.Rollback())
		return nil
	}))
	assert.Equal(t, []string{
		"begin", "insert a",
		"SAVEPOINT ambient_1", "insert b", "insert c", "RELEASE SAVEPOINT ambient_1",
		"SAVEPOINT ambient_2", "insert d", "insert e", "ROLLBACK TO SAVEPOINT ambient_2", "RELEASE SAVEPOINT ambient_2",
		"commit",
	}, r.Log())
	assert.Equal(t, []string{"a", "b", "c"}, r.Rows())
}

func TestBeginOutsideOfARunIsThatOfThePool(t *testing.T) {
	r, db := newRecorder(t)
	tx, err := db.Begin()
	require.NoError(t, err)
	_, err = tx.Exec("insert a")
	require.NoError(t, err)
	insert(t, db, "b")
	assert.False(t, db.InTx())
	require.NoError(t, tx.Rollback())
	assert.Equal(t, []string{"b"}, r.Rows())

	require.NoError(t, run(db, func() error {
		db.Outside(func() {
			tx, err := db.Begin()
			require.NoError(t, err)
			_, err = tx.Exec("insert c")
			require.NoError(t, err)
			require.NoError(t, tx.Commit())
		})
		return nil
	}))
	assert.Equal(t, []string{"b", "c"}, r.Rows())
}

func TestBegunTransactionReadsAsTheDatabasesOwn(t *testing.T) {
	_, db := newRecorder(t)
	require.NoError(t, run(db, func() error {
		insert(t, db, "a")
		tx, err := db.Begin()
		require.NoError(t, err)
		_, err = tx.Exec("insert ?", "b")
		require.NoError(t, err)
		res, err := tx.Exec("update")
		require.NoError(t, err)
		n, err := res.RowsAffected()
		require.NoError(t, err)
		assert.EqualValues(t, 1, n)

		read := func(rows *sql.Rows, err error) {
			require.NoError(t, err)
			defer rows.Close()
			types, err := rows.ColumnTypes()
			require.NoError(t, err)
			require.Len(t, types, 1)
			assert.Equal(t, "row", types[0].Name())
			assert.Equal(t, "ROW", types[0].DatabaseTypeName())
			length, ok := types[0].Length()
			assert.True(t, ok && length == 7)
			nullable, ok := types[0].Nullable()
			assert.True(t, ok && nullable)
			var all []string
			for rows.Next() {
				var row string
				require.NoError(t, rows.Scan(&row))
				all = append(all, row)
			}
			require.NoError(t, rows.Err())
			assert.False(t, rows.NextResultSet())
			assert.Equal(t, []string{"a", "b"}, all)
		}
		read(tx.Query("select"))
		read(db.Query("select"))
		stmt, err := tx.Prepare("select")
		require.NoError(t, err)
		read(stmt.Query())
		require.NoError(t, stmt.Close())
		stmt, err = tx.Prepare("insert ?")
		require.NoError(t, err)
		_, err = stmt.Exec("c")
		require.NoError(t, err)
		var first string
		require.NoError(t, tx.QueryRow("select").Scan(&first))
		assert.Equal(t, "a", first)
		return tx.Commit()
	}))
}

func TestBegunTransactionReadsAllResultSets(t *testing.T) {
	_, db := newRecorder(t)
	require.NoError(t, run(db, func() error {
		tx, err := db.Begin()
		require.NoError(t, err)
		for _, query := range []func() (*sql.Rows, error){
			func() (*sql.Rows, error) { return db.Query("select two") },
			func() (*sql.Rows, error) { return tx.Query("select two") },
		} {
			rows, err := query()
			require.NoError(t, err)
			var all []string
			for more := true; more; more = rows.NextResultSet() {
				columns, err := rows.Columns()
				require.NoError(t, err)
				all = append(all, columns...)
				for rows.Next() {
					var row string
					require.NoError(t, rows.Scan(&row))
					all = append(all, row)
				}
			}
			require.NoError(t, rows.Err())
			require.NoError(t, rows.Close())
			assert.Equal(t, []string{"row", "1", "row2", "2"}, all)

			rows, err = query() // the first is skipped
			require.NoError(t, err)
			require.True(t, rows.NextResultSet())
			columns, err := rows.Columns()
			require.NoError(t, err)
			assert.Equal(t, []string{"row2"}, columns)
			require.NoError(t, rows.Close())
		}
		return tx.Commit()
	}))
}

func TestBegunTransactionLeavesNoGoroutine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // which fails where one is left
		_, db := newRecorder(t)
		require.NoError(t, run(db, func() error {
			tx, err := db.Begin()
			require.NoError(t, err)
			return tx.Commit()
		}))
	})
}

func TestBegunTransactionOnAnotherGoroutineIsRefused(t *testing.T) {
	r, db := newRecorder(t)
	err := run(db, func() error {
		tx, err := db.Begin()
		require.NoError(t, err)
		join(func() {
			_, err := tx.Exec("insert a")
			assert.Equal(t, glssql.ErrOtherGoroutine, err)
			_, err = tx.Query("select")
			assert.Equal(t, glssql.ErrOtherGoroutine, err)
			_, err = tx.Prepare("insert a")
			assert.Equal(t, glssql.ErrOtherGoroutine, err)
		})
		return tx.Commit()
	})
	require.NoError(t, err)
	assert.NotContains(t, r.Log(), "insert a")
}

func TestBegunTransactionThatIsLeftOpenFailsTheRun(t *testing.T) {
	r, db := newRecorder(t)
	var tx *sql.Tx
	err := run(db, func() (err error) {
		insert(t, db, "a")
		tx, err = db.Begin()
		return err
	})
	assert.ErrorContains(t, err, "neither committed nor rolled back")
	_, err = tx.Exec("insert b")
	assert.Equal(t, glssql.ErrDone, err)
	assert.Equal(t, glssql.ErrDone, tx.Commit())
	assert.Empty(t, r.Rows())

	require.NoError(t, run(db, func() error {
		insert(t, db, "a")
		assert.ErrorContains(t, run(db, func() error { _, err := db.Begin(); return err }), "neither committed")
		insert(t, db, "c")
		return nil
	}))
	assert.Equal(t, []string{"a", "c"}, r.Rows())
}

func TestBegunTransactionEndsInOrder(t *testing.T) {
	r, db := newRecorder(t)
	require.NoError(t, run(db, func() error {
		outer, err := db.Begin()
		require.NoError(t, err)
		insert(t, db, "a")
		inner, err := db.Begin()
		require.NoError(t, err)
		insert(t, db, "b")
		assert.ErrorContains(t, outer.Commit(), "neither committed")
		assert.Equal(t, glssql.ErrDone, inner.Commit())
		insert(t, db, "c")
		return nil
	}))
	assert.Equal(t, []string{"c"}, r.Rows())
}

// The rollback at the end of a ctx that database/sql does by itself would come after what the Run does by then.
func TestBegunTransactionWhoseContextEndsIsRolledBackByItsOwner(t *testing.T) {
	r, db := newRecorder(t)
	require.NoError(t, run(db, func() error {
		ctx, cancel := context.WithCancel(t.Context())
		tx, err := db.BeginTx(ctx, nil)
		require.NoError(t, err)
		insert(t, db, "a")
		cancel()
		assert.Equal(t, context.Canceled, tx.Commit())
		insert(t, db, "b")
		_, err = db.BeginTx(ctx, nil)
		assert.Equal(t, context.Canceled, err)
		return nil
	}))
	assert.Equal(t, []string{"b"}, r.Rows())
}

func TestBegunTransactionJoins(t *testing.T) {
	r, db := newRecorder(t, glssql.JoinNested())
	require.NoError(t, run(db, func() error {
		tx, err := db.Begin()
		require.NoError(t, err)
		insert(t, db, "a")
		return tx.Commit()
	}))
	assert.Equal(t, []string{"begin", "insert a", "commit"}, r.Log())
	err := run(db, func() error {
		tx, err := db.Begin()
		require.NoError(t, err)
		insert(t, db, "b")
		return tx.Rollback()
	})
	assert.ErrorIs(t, err, glssql.ErrDoomed)
	assert.Equal(t, []string{"a"}, r.Rows())
}

func TestNestedRunInABegunTransaction(t *testing.T) {
	r, db := newRecorder(t)
	require.NoError(t, run(db, func() error {
		tx, err := db.Begin()
		require.NoError(t, err)
		require.NoError(t, run(db, func() error { return try(db, "a") }))
		_ = run(db, func() error { insert(t, db, "b"); return errBoom })
		return tx.Commit()
	}))
	assert.Equal(t, []string{"a"}, r.Rows())
}

func TestStatementsUseTheAmbientContext(t *testing.T) {
	_, db := newRecorder(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	gls.RunContext(ctx, func() {
		for _, name := range []string{"Exec", "Query", "QueryRow", "Scan", "Prepare", "Begin"} {
			ask := statements(db)[name]
			if name == "Scan" {
				continue
			}
			assert.Equal(t, context.Canceled, ask(), name)
		}
	})
}
