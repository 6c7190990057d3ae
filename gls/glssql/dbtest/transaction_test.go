//go:build linux

package dbtest

import (
	"context"
	"errors"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glssql"
)

var errBoom = errors.New("boom")

// run is Run without what most tests do not need.
func run(db *glssql.DB, fn func() error) error { return db.Run(context.Background(), nil, fn) }

func must(t testing.TB, db *glssql.DB, query string, args ...any) {
	t.Helper()
	_, err := db.Exec(query, args...)
	require.NoError(t, err, query)
}

// rows returns what a query gives, as words.
func rows(t testing.TB, db *glssql.DB, query string) string {
	t.Helper()
	found, err := db.Query(query)
	require.NoError(t, err)
	defer found.Close()
	var all []string
	for found.Next() {
		var word string
		require.NoError(t, found.Scan(&word))
		all = append(all, word)
	}
	require.NoError(t, found.Err())
	return strings.Join(all, " ")
}

func TestRules(t *testing.T) {
	each(t, func(t *testing.T, name string, db *glssql.DB) {
		must(t, db, "CREATE TABLE words (id INTEGER PRIMARY KEY, word VARCHAR(20))")
		n := 0
		insert := func(word string) error {
			n++
			_, err := db.Exec("INSERT INTO words (id, word) VALUES (" + strconv.Itoa(n) + ", '" + word + "')")
			return err
		}
		words := func() string { return rows(t, db, "SELECT word FROM words ORDER BY id") }
		clear := func() { must(t, db, "DELETE FROM words") }

		var called []string
		require.NoError(t, run(db, func() error {
			require.NoError(t, insert("a"))
			db.AfterCommit(func() { called = append(called, words()) })
			require.NoError(t, run(db, func() error { return insert("b") }))
			assert.Equal(t, errBoom, run(db, func() error {
				require.NoError(t, insert("x"))
				db.AfterCommit(func() { t.Error("called") })
				require.NoError(t, run(db, func() error { return insert("y") }))
				return errBoom
			}))
			func() {
				defer func() { assert.Equal(t, "boom", recover()) }()
				_ = run(db, func() error { require.NoError(t, insert("z")); panic("boom") })
			}()
			assert.Equal(t, "a b", words())
			return insert("c")
		}))
		assert.Equal(t, "a b c", words())
		assert.Equal(t, []string{"a b c"}, called)

		clear()
		assert.Equal(t, errBoom, run(db, func() error { require.NoError(t, insert("a")); return errBoom }))
		func() {
			defer func() { assert.Equal(t, "boom", recover()) }()
			_ = run(db, func() error { require.NoError(t, insert("b")); panic("boom") })
		}()
		done := make(chan struct{})
		go func() {
			defer close(done)
			_ = run(db, func() error { assert.NoError(t, insert("c")); runtime.Goexit(); return nil })
		}()
		<-done
		assert.Empty(t, words())

		// A failed statement, and its error swallowed.
		require.NoError(t, run(db, func() error {
			require.NoError(t, insert("a"))
			err := run(db, func() error {
				require.NoError(t, insert("b"))
				_, err := db.Exec("INSERT INTO words (id) SELECT id FROM words")
				require.Error(t, err)
				return nil
			})
			assert.Equal(t, name == "postgres", err != nil, "PostgreSQL has aborted the transaction: %v", err)
			return insert("c")
		}))
		if name == "postgres" {
			assert.Equal(t, "a c", words())
			assert.Error(t, run(db, func() error {
				require.NoError(t, insert("d"))
				_, err := db.Exec("INSERT INTO words (id) SELECT id FROM words")
				require.Error(t, err)
				return nil
			}), "a commit that is a rollback is no success")
			assert.Equal(t, "a c", words())
		} else {
			assert.Equal(t, "a b c", words())
		}

		// Many savepoints in one transaction.
		clear()
		require.NoError(t, run(db, func() error {
			for i := range 500 {
				_ = run(db, func() error {
					require.NoError(t, insert("x"))
					if i%10 == 0 {
						return nil
					}
					return errBoom
				})
			}
			return nil
		}))
		assert.Equal(t, 50, strings.Count(words(), "x"))

		// Rows that are open when the Run ends, and other goroutines.
		clear()
		require.NoError(t, run(db, func() error {
			require.NoError(t, insert("a"))
			open, err := db.Query("SELECT word FROM words")
			require.NoError(t, err)
			require.True(t, open.Next())
			result := make(chan error)
			gls.Go(func() { result <- insert("x") })
			assert.Equal(t, glssql.ErrOtherGoroutine, <-result)
			return nil
		}))
		assert.Equal(t, "a", words())
	})
}

func TestBegunTransactions(t *testing.T) {
	each(t, func(t *testing.T, name string, db *glssql.DB) {
		bytes := "BLOB"
		if name == "postgres" {
			bytes = "BYTEA"
		}
		must(t, db, "CREATE TABLE words (id INTEGER PRIMARY KEY, word VARCHAR(20), score FLOAT, raw "+bytes+", at TIMESTAMP NULL)")
		args := "?, ?, ?, ?, ?"
		if name == "postgres" {
			args = "$1, $2, $3, $4, $5"
		}
		at := time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)
		require.NoError(t, run(db, func() error {
			tx, err := db.Begin()
			require.NoError(t, err)
			_, err = tx.Exec("INSERT INTO words (id, word, score, raw, at) VALUES ("+args+")", 1, "a", 1.5, []byte{0, 1}, at)
			require.NoError(t, err)
			stmt, err := tx.Prepare("INSERT INTO words (id, word, score, raw, at) VALUES (" + args + ")")
			require.NoError(t, err)
			_, err = stmt.Exec(2, nil, nil, nil, nil)
			require.NoError(t, err)
			require.NoError(t, stmt.Close())

			// What it reads is what the transaction itself reads, and so are the columns.
			direct, err := db.Query("SELECT id, word, score, raw, at FROM words ORDER BY id")
			require.NoError(t, err)
			want := dump(t, direct)
			through, err := tx.Query("SELECT id, word, score, raw, at FROM words ORDER BY id")
			require.NoError(t, err)
			assert.Equal(t, want, dump(t, through))
			var when time.Time
			require.NoError(t, tx.QueryRow("SELECT at FROM words WHERE id = 1").Scan(&when))
			assert.True(t, at.Equal(when), when)
			require.NoError(t, tx.Commit())

			tx, err = db.Begin()
			require.NoError(t, err)
			_, err = tx.Exec("DELETE FROM words")
			require.NoError(t, err)
			return tx.Rollback()
		}))
		assert.Equal(t, "1 2", rows(t, db, "SELECT id FROM words ORDER BY id"))
	})
}

func TestManyGoroutinesOnASmallPool(t *testing.T) {
	each(t, func(t *testing.T, name string, db *glssql.DB) {
		db.Unwrap().SetMaxOpenConns(5)
		must(t, db, "CREATE TABLE words (id INTEGER PRIMARY KEY, word VARCHAR(20))")
		var wg sync.WaitGroup
		for i := range 200 {
			wg.Go(func() {
				err := run(db, func() error {
					for k := range 3 {
						_, err := db.Exec("INSERT INTO words (id, word) VALUES (" + strconv.Itoa(3*i+k) + ", 'a')")
						if err != nil {
							return err
						}
					}
					if i%3 == 0 {
						return errBoom
					}
					return nil
				})
				if i%3 == 0 {
					assert.Equal(t, errBoom, err)
				} else {
					assert.NoError(t, err)
				}
			})
		}
		wg.Wait()
		assert.Equal(t, "399", rows(t, db, "SELECT COUNT(*) FROM words"))
		assert.Zero(t, db.Unwrap().Stats().InUse)
	})
}

// long is how often a test repeats what it does: little, or as in its long form.
func long(short, long int) int {
	if os.Getenv("AMBIENT_LONG") != "" {
		return long
	}
	return short
}
