//go:build linux

package dbtest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/gls/glssql"
)

func TestServerKilledInATransaction(t *testing.T) {
	for name, start := range map[string]func() (*server, error){"postgres": startPostgres, "mariadb": startMariaDB} {
		t.Run(name, func(t *testing.T) {
			s, err := start()
			s = orSkip(t, s, err)
			db := glssql.New(s.open(t))
			must(t, db, "CREATE TABLE words (word VARCHAR(20))")
			for _, last := range []bool{true, false} { // the commit is the first to see it, or another statement is
				if !last {
					s, err = start()
					require.NoError(t, err)
					db = glssql.New(s.open(t))
					must(t, db, "CREATE TABLE words (word VARCHAR(20))")
				}
				err = run(db, func() error {
					must(t, db, "INSERT INTO words VALUES ('a')")
					db.AfterCommit(func() { t.Error("called") })
					s.kill()
					if last {
						return nil
					}
					err := run(db, func() error { t.Error("called"); return nil })
					assert.Error(t, err)
					_, err = db.Exec("INSERT INTO words VALUES ('b')")
					return err
				})
				assert.Error(t, err)
				assert.False(t, db.InTx())
				assert.Error(t, run(db, func() error { t.Error("called"); return nil }))
				assert.Zero(t, db.Unwrap().Stats().InUse)
			}
		})
	}
}

func TestConnectionBrokenInATransaction(t *testing.T) {
	db := glssql.New(databases[1].pool(t))
	must(t, db, "CREATE TABLE words (word VARCHAR(20))")
	cut := func() {
		var pid int
		require.NoError(t, db.QueryRow("SELECT pg_backend_pid()").Scan(&pid))
		db.Outside(func() {
			must(t, db, "SELECT pg_terminate_backend($1)", pid)
			for rows(t, db, fmt.Sprint("SELECT COUNT(*) FROM pg_stat_activity WHERE pid = ", pid)) != "0" {
				time.Sleep(time.Millisecond)
			}
		})
	}
	insert := func() { must(t, db, "INSERT INTO words VALUES ('a')") }
	for name, body := range map[string]func() error{
		"at commit": func() error { insert(); cut(); return nil },
		"at a savepoint": func() error {
			insert()
			cut()
			assert.Error(t, run(db, func() error { t.Error("called"); return nil }))
			return nil
		},
		"at the release of a savepoint": func() error {
			insert()
			assert.Error(t, run(db, func() error { insert(); cut(); return nil }))
			return nil
		},
		"at the rollback to a savepoint": func() error {
			insert()
			assert.Equal(t, errBoom, run(db, func() error { insert(); cut(); return errBoom }))
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			called := false
			err := run(db, func() error {
				db.AfterCommit(func() { called = true })
				return body()
			})
			assert.Error(t, err)
			assert.False(t, called)
			assert.Equal(t, "0", rows(t, db, "SELECT COUNT(*) FROM words"), "the pool has another connection")
		})
	}
}

func TestContextThatEndsInAStatement(t *testing.T) {
	db := glssql.New(databases[1].pool(t))
	must(t, db, "CREATE TABLE words (word VARCHAR(20))")
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second) // enough for the first statement on a busy machine
	defer cancel()
	err := db.Run(ctx, nil, func() error {
		must(t, db, "INSERT INTO words VALUES ('a')")
		_, err := db.ExecContext(ctx, "SELECT pg_sleep(30)")
		assert.Error(t, err)
		return nil // swallowed
	})
	assert.ErrorIs(t, err, context.DeadlineExceeded)

	// That of an inner Run: pgx gives the connection up with the statement, and all of the transaction with it.
	err = run(db, func() error {
		must(t, db, "INSERT INTO words VALUES ('b')")
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		err := db.Run(ctx, nil, func() error {
			_, err := db.ExecContext(ctx, "SELECT pg_sleep(30)")
			return err
		})
		assert.Error(t, err)
		return nil
	})
	assert.Error(t, err)
	assert.Equal(t, "0", rows(t, db, "SELECT COUNT(*) FROM words"))
}

// What Outside asks for may wait for the transaction around it. The database cannot see that; the ctx ends it.
func TestOutsideWaitsForTheLocksOfItsOwnTransaction(t *testing.T) {
	db := glssql.New(databases[1].pool(t))
	must(t, db, "CREATE TABLE words (id INTEGER PRIMARY KEY)")
	must(t, db, "INSERT INTO words VALUES (1)")
	require.NoError(t, run(db, func() error {
		must(t, db, "UPDATE words SET id = 2")
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		db.Outside(func() {
			_, err := db.ExecContext(ctx, "UPDATE words SET id = 3 WHERE id = 1")
			assert.Error(t, err)
			assert.Error(t, ctx.Err())
		})
		return nil
	}))
	assert.Equal(t, "2", rows(t, db, "SELECT id FROM words"))
}

func TestOutsideOnAPoolOfOne(t *testing.T) {
	each(t, func(t *testing.T, _ string, db *glssql.DB) {
		db.Unwrap().SetMaxOpenConns(1)
		must(t, db, "CREATE TABLE words (id INTEGER PRIMARY KEY)")
		require.NoError(t, run(db, func() error {
			db.Outside(func() {
				_, err := db.Exec("SELECT 1")
				assert.Equal(t, glssql.ErrWouldDeadlock, err)
			})
			return nil
		}))
	})
}
