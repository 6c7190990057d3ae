//go:build linux

package dbtest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/gls/glssql"
)

// bank is a service over two repositories, none of which knows a transaction.
type bank struct{ db *glssql.DB }

var errTooPoor = errors.New("not enough money")

func (b bank) move(from, to, amount int, fail func() error) error {
	return b.db.Run(context.Background(), nil, func() error {
		if err := b.add(to, amount); err != nil {
			return err
		}
		if err := fail(); err != nil {
			return err
		}
		if err := b.add(from, -amount); err != nil {
			return err
		}
		// The bonus comes out of account 0, and is there as long as that has money: its failure fails nothing else.
		if err := b.db.Run(context.Background(), nil, func() error { return b.bonus(from) }); err != nil && !errors.Is(err, errTooPoor) {
			return err
		}
		return b.note(from, to, amount)
	})
}

func (b bank) add(account, amount int) error {
	_, err := b.db.Exec(fmt.Sprintf("UPDATE accounts SET balance = balance + %d WHERE id = %d", amount, account))
	if err != nil {
		return err
	}
	return b.check(account)
}

func (b bank) check(account int) error {
	var balance int
	err := b.db.QueryRow("SELECT balance FROM accounts WHERE id = " + strconv.Itoa(account)).Scan(&balance)
	if err == nil && balance < 0 {
		err = errTooPoor
	}
	return err
}

func (b bank) bonus(account int) error {
	if err := b.add(account, 1); err != nil {
		return err
	}
	return b.add(0, -1)
}

func (b bank) note(from, to, amount int) error {
	_, err := b.db.Exec(fmt.Sprintf("INSERT INTO transfers (source, target, amount) VALUES (%d, %d, %d)", from, to, amount))
	return err
}

// again reports whether the database has asked for the transaction to be run again: a deadlock, a serialization failure.
func again(err error) bool {
	var pg *pgconn.PgError
	var my *mysql.MySQLError
	return errors.As(err, &pg) && (pg.Code == "40001" || pg.Code == "40P01") ||
		errors.As(err, &my) && (my.Number == 1213 || my.Number == 1020)
}

// TestTransfers moves money at random while a third of the transfers fail in the middle. AMBIENT_LONG=1 moves it 100,000
// times.
func TestTransfers(t *testing.T) {
	each(t, func(t *testing.T, name string, db *glssql.DB) {
		const accounts, each = 20, 100
		b := bank{db}
		must(t, db, "CREATE TABLE accounts (id INTEGER PRIMARY KEY, balance INTEGER NOT NULL)")
		must(t, db, "CREATE TABLE transfers (source INTEGER, target INTEGER, amount INTEGER)")
		for i := range accounts {
			must(t, db, fmt.Sprintf("INSERT INTO accounts VALUES (%d, %d)", i, each))
		}
		db.Unwrap().SetMaxOpenConns(8)
		total := long(1500, 100_000)
		if name != "sqlite" {
			total = long(1500, 20_000)
		}
		var committed, failed, repeated, events atomic.Int64
		var wg sync.WaitGroup
		for w := range 8 {
			wg.Go(func() {
				r := rand.New(rand.NewPCG(uint64(w), 1))
				for range total / 8 {
					from, to, amount := r.IntN(accounts), r.IntN(accounts), 1+r.IntN(10)
					how := r.IntN(6)
					for {
						err := func() (err error) {
							defer func() {
								if value := recover(); value != nil {
									err = value.(error)
								}
							}()
							return b.move(from, to, amount, func() error {
								db.AfterCommit(func() { events.Add(1) })
								switch how {
								case 0:
									return errBoom
								case 1:
									panic(errBoom)
								}
								return nil
							})
						}()
						if again(err) {
							repeated.Add(1)
							continue
						}
						switch {
						case err == nil:
							committed.Add(1)
						case errors.Is(err, errBoom), errors.Is(err, errTooPoor):
							failed.Add(1)
						default:
							assert.NoError(t, err)
							return
						}
						break
					}
				}
			})
		}
		wg.Wait()
		assert.Equal(t, strconv.Itoa(accounts*each), rows(t, db, "SELECT SUM(balance) FROM accounts"))
		assert.Equal(t, "0", rows(t, db, "SELECT COUNT(*) FROM accounts WHERE balance < 0"))
		assert.Equal(t, fmt.Sprint(committed.Load()), rows(t, db, "SELECT COUNT(*) FROM transfers"))
		assert.Equal(t, committed.Load(), events.Load())
		assert.Greater(t, failed.Load(), int64(total/4))
		t.Logf("%d committed, %d failed, %d run again", committed.Load(), failed.Load(), repeated.Load())
	})
}

// A serialization failure is the database's word to run the transaction again. Run hands it on, as the code wants it.
func TestSerializationFailureIsHandedOn(t *testing.T) {
	pool := databases[1].pool(t)
	db := glssql.New(pool)
	must(t, db, "CREATE TABLE counters (id INTEGER PRIMARY KEY, n INTEGER)")
	must(t, db, "INSERT INTO counters VALUES (1, 0)")
	serializable := &sql.TxOptions{Isolation: sql.LevelSerializable}
	increment := func(between func()) error {
		return db.Run(t.Context(), serializable, func() error {
			var n int
			if err := db.QueryRow("SELECT n FROM counters").Scan(&n); err != nil {
				return err
			}
			between()
			_, err := db.Exec("UPDATE counters SET n = " + strconv.Itoa(n+1))
			return err
		})
	}
	err := increment(func() { db.Outside(func() { require.NoError(t, increment(func() {})) }) })
	assert.True(t, again(err), err)
	var pg *pgconn.PgError
	require.ErrorAs(t, err, &pg)
	require.NoError(t, increment(func() {}))
	assert.Equal(t, "2", rows(t, db, "SELECT n FROM counters"))
}
