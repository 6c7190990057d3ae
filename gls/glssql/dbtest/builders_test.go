//go:build linux

package dbtest

import (
	"context"
	"database/sql"
	"testing"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"entgo.io/ent/dialect/sql/sqlgraph"
	"entgo.io/ent/schema/field"
	"github.com/Masterminds/squirrel"
	"github.com/doug-martin/goqu/v9"
	_ "github.com/doug-martin/goqu/v9/dialect/sqlite3"
	"github.com/jmoiron/sqlx"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/sqlitedialect"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glssql"
	"github.com/ambient-go/ambient/gls/glssql/dbtest/sqlcdb"
)

// snapshot runs fn on another goroutine that has the values of this one.
func snapshot(fn func()) { gls.Go(fn) }

// A library writes and reads the words of a table.
type library struct {
	insert func(ctx context.Context, word string) error
	words  func(ctx context.Context) ([]string, error)
}

// check uses a library in Runs that are rolled back and that are not.
func check(t *testing.T, db *glssql.DB, lib library) {
	ctx := t.Context()
	insert := func(word string) { t.Helper(); require.NoError(t, lib.insert(ctx, word)) }
	words := func() []string {
		t.Helper()
		all, err := lib.words(ctx)
		require.NoError(t, err)
		return all
	}
	insert("a")
	assert.Equal(t, errBoom, run(db, func() error {
		insert("b")
		assert.Equal(t, []string{"a", "b"}, words())
		return errBoom
	}))
	require.NoError(t, run(db, func() error {
		insert("c")
		_ = run(db, func() error { insert("d"); return errBoom })
		assert.Equal(t, []string{"a", "c"}, words())
		done := make(chan error, 2)
		snapshot(func() {
			done <- lib.insert(ctx, "x")
			_, err := lib.words(ctx)
			done <- err
		})
		assert.ErrorIs(t, <-done, glssql.ErrOtherGoroutine)
		assert.ErrorIs(t, <-done, glssql.ErrOtherGoroutine)
		return nil
	}))
	assert.Equal(t, []string{"a", "c"}, words())
	assert.Equal(t, "a c", rows(t, db, "SELECT word FROM words ORDER BY id"))
}

func scanWords(rows *sql.Rows, err error) ([]string, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var word string
		if err := rows.Scan(&word); err != nil {
			return nil, err
		}
		all = append(all, word)
	}
	return all, rows.Err()
}

type Word struct {
	bun.BaseModel `bun:"table:words" db:"-" goqu:"-"`

	ID   int64  `bun:"id,pk,autoincrement" db:"id" goqu:"skipinsert"`
	Word string `bun:"word" db:"word"`
}

func TestLibraries(t *testing.T) {
	libraries := map[string]func(t *testing.T, db *glssql.DB) library{
		"squirrel": func(t *testing.T, db *glssql.DB) library {
			return library{
				func(ctx context.Context, word string) error {
					_, err := squirrel.Insert("words").Columns("word").Values(word).RunWith(db).ExecContext(ctx)
					return err
				},
				func(ctx context.Context) ([]string, error) {
					var first string
					err := squirrel.Select("word").From("words").OrderBy("id").Limit(1).RunWith(db).QueryRowContext(ctx).Scan(&first)
					if err != nil {
						return nil, err
					}
					return scanWords(squirrel.Select("word").From("words").OrderBy("id").RunWith(db).Query())
				},
			}
		},
		"goqu": func(t *testing.T, db *glssql.DB) library {
			g := goqu.New("sqlite3", db)
			return library{
				func(ctx context.Context, word string) error {
					return g.WithTx(func(tx *goqu.TxDatabase) error { // begins by itself
						_, err := tx.Insert("words").Rows(Word{Word: word}).Executor().ExecContext(ctx)
						return err
					})
				},
				func(ctx context.Context) (all []string, err error) {
					err = g.From("words").Select("word").Order(goqu.I("id").Asc()).ScanValsContext(ctx, &all)
					return all, err
				},
			}
		},
		"sqlx": func(t *testing.T, db *glssql.DB) library {
			return library{
				func(ctx context.Context, word string) error {
					query, args, err := sqlx.Named("INSERT INTO words (word) VALUES (:word)", Word{Word: word})
					if err != nil {
						return err
					}
					_, err = db.ExecContext(ctx, query, args...)
					return err
				},
				func(ctx context.Context) ([]string, error) {
					rows, err := db.QueryContext(ctx, "SELECT id, word FROM words ORDER BY id")
					if err != nil {
						return nil, err
					}
					var found []Word
					if err := sqlx.StructScan(rows, &found); err != nil {
						return nil, err
					}
					var all []string
					for _, w := range found {
						all = append(all, w.Word)
					}
					return all, nil
				},
			}
		},
		"bun": func(t *testing.T, db *glssql.DB) library {
			b := bun.NewDB(db.Unwrap(), sqlitedialect.New())
			return library{
				func(ctx context.Context, word string) error {
					_, err := b.NewInsert().Conn(db).Model(&Word{Word: word}).Exec(ctx)
					return err
				},
				func(ctx context.Context) (all []string, err error) {
					err = b.NewSelect().Conn(db).Model((*Word)(nil)).Column("word").Order("id").Scan(ctx, &all)
					return all, err
				},
			}
		},
		"ent": func(t *testing.T, db *glssql.DB) library {
			drv := entDriver{entsql.NewDriver(dialect.SQLite, entsql.Conn{ExecQuerier: db}), db}
			return library{
				func(ctx context.Context, word string) error {
					spec := sqlgraph.NewCreateSpec("words", &sqlgraph.FieldSpec{Column: "id", Type: field.TypeInt})
					spec.SetField("word", field.TypeString, word)
					return sqlgraph.BatchCreate(ctx, drv, &sqlgraph.BatchCreateSpec{Nodes: []*sqlgraph.CreateSpec{spec}}) // in a transaction
				},
				func(ctx context.Context) ([]string, error) {
					s := entsql.Dialect(dialect.SQLite)
					query, args := s.Select("word").From(s.Table("words")).OrderBy("id").Query()
					var rows entsql.Rows
					if err := drv.Query(ctx, query, args, &rows); err != nil {
						return nil, err
					}
					var all []string
					err := entsql.ScanSlice(&rows, &all)
					return all, err
				},
			}
		},
		"sqlc": func(t *testing.T, db *glssql.DB) library {
			q := sqlcdb.New(db)
			return library{q.InsertWord, q.ListWords}
		},
	}
	for name, open := range libraries {
		t.Run(name, func(t *testing.T) {
			db := glssql.New(databases[0].pool(t))
			must(t, db, "CREATE TABLE words (id INTEGER PRIMARY KEY AUTOINCREMENT, word VARCHAR(20) NOT NULL)")
			check(t, db, open(t, db))
		})
	}
}

// entDriver begins ent's transactions on the DB. Ent's own driver wants a *sql.DB for that.
type entDriver struct {
	*entsql.Driver
	db *glssql.DB
}

func (d entDriver) Tx(ctx context.Context) (dialect.Tx, error) {
	tx, err := d.db.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	return &entsql.Tx{Conn: entsql.Conn{ExecQuerier: tx}, Tx: tx}, nil
}
