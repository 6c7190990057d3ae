//go:build linux

package dbtest

import (
	"errors"
	"fmt"
	"testing"

	"github.com/ncruces/go-sqlite3/gormlite"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/driver/mysql"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"github.com/ambient-go/ambient/gls/glssql"
)

type Author struct {
	ID    uint
	Name  string `gorm:"size:40"`
	Books []Book
}

type Book struct {
	ID       uint
	AuthorID uint
	Title    string `gorm:"size:40"`
}

type Audit struct {
	ID   uint
	What string `gorm:"size:80"`
}

// AfterCreate is a hook that writes, with what GORM gives it.
func (b *Book) AfterCreate(tx *gorm.DB) error {
	if b.Title == "hook fails" {
		return errBoom
	}
	return tx.Create(&Audit{What: "created " + b.Title}).Error
}

func openGORM(t *testing.T, name string, db *glssql.DB) *gorm.DB {
	dialector := map[string]func() gorm.Dialector{
		"sqlite":   func() gorm.Dialector { return gormlite.OpenDB(db) },
		"postgres": func() gorm.Dialector { return postgres.New(postgres.Config{Conn: db}) },
		"mariadb":  func() gorm.Dialector { return mysql.New(mysql.Config{Conn: db}) },
	}[name]()
	g, err := gorm.Open(dialector, &gorm.Config{Logger: logger.Discard})
	require.NoError(t, err)
	require.NoError(t, g.AutoMigrate(&Author{}, &Book{}, &Audit{}))
	return g
}

func TestGORM(t *testing.T) {
	each(t, func(t *testing.T, name string, db *glssql.DB) {
		g := openGORM(t, name, db)
		pool, err := g.DB()
		require.NoError(t, err)
		assert.Same(t, db.Unwrap(), pool)

		count := func() string {
			return fmt.Sprint(rows(t, db, "SELECT COUNT(*) FROM authors"), " authors, ",
				rows(t, db, "SELECT COUNT(*) FROM books"), " books, ", rows(t, db, "SELECT COUNT(*) FROM audits"), " audits")
		}
		work := func(t *testing.T) {
			ada := Author{Name: "Ada", Books: []Book{{Title: "Notes"}, {Title: "Letters"}}}
			require.NoError(t, g.Create(&ada).Error) // associations, hooks and GORM's default transaction
			require.NotZero(t, ada.ID)

			require.Error(t, g.Create(&Book{AuthorID: ada.ID, Title: "hook fails"}).Error) // alone: GORM rolls it back

			require.NoError(t, g.Transaction(func(tx *gorm.DB) error {
				require.NoError(t, tx.Create(&Author{Name: "Bob"}).Error)
				err := tx.Transaction(func(tx *gorm.DB) error { // GORM's own savepoint
					require.NoError(t, tx.Create(&Author{Name: "dropped"}).Error)
					return errBoom
				})
				assert.Equal(t, errBoom, err)
				return nil
			}))
			assert.Equal(t, errBoom, g.Transaction(func(tx *gorm.DB) error {
				require.NoError(t, tx.Create(&Author{Name: "dropped"}).Error)
				return errBoom
			}))
			func() {
				defer func() { assert.Equal(t, "boom", recover()) }()
				_ = g.Transaction(func(tx *gorm.DB) error {
					require.NoError(t, tx.Create(&Author{Name: "dropped"}).Error)
					panic("boom")
				})
			}()
			tx := g.Begin()
			require.NoError(t, tx.Error)
			require.NoError(t, tx.Create(&Author{Name: "dropped"}).Error)
			require.NoError(t, tx.Rollback().Error)

			var many []Book
			for i := range 25 {
				many = append(many, Book{AuthorID: ada.ID, Title: fmt.Sprint("Volume ", i)})
			}
			require.NoError(t, g.CreateInBatches(many, 10).Error)

			var found []Author
			require.NoError(t, g.Preload("Books").Order("id").Find(&found).Error)
			require.Len(t, found, 2)
			assert.Len(t, found[0].Books, 27)
			assert.Equal(t, "Notes", found[0].Books[0].Title)
			require.NoError(t, g.Model(&found[1]).Update("name", "Bo").Error)
			var name string
			require.NoError(t, g.Raw("SELECT name FROM authors WHERE id = ?", found[1].ID).Row().Scan(&name))
			assert.Equal(t, "Bo", name)
			var maps []map[string]any
			require.NoError(t, g.Model(&Author{}).Where("name = ?", "Ada").Find(&maps).Error)
			assert.Equal(t, "Ada", maps[0]["name"])
			assert.True(t, errors.Is(g.First(&Author{}, "name = ?", "dropped").Error, gorm.ErrRecordNotFound))
			assert.Equal(t, "2 authors, 27 books, 27 audits", count())
		}

		assert.Equal(t, errBoom, run(db, func() error { work(t); return errBoom }))
		assert.Equal(t, "0 authors, 0 books, 0 audits", count(), "GORM's commits were part of the Run")

		require.NoError(t, run(db, func() error {
			require.NoError(t, run(db, func() error { work(t); return nil }))
			assert.Equal(t, errBoom, run(db, func() error {
				require.NoError(t, g.Where("1 = 1").Delete(&Book{}).Error)
				return errBoom
			}))
			return nil
		}))
		assert.Equal(t, "2 authors, 27 books, 27 audits", count())

		require.NoError(t, g.Where("1 = 1").Delete(&Book{}).Error)
		require.NoError(t, g.Where("1 = 1").Delete(&Author{}).Error)
		require.NoError(t, g.Where("1 = 1").Delete(&Audit{}).Error)
		work(t) // without a Run it is as on a *sql.DB

		// On another goroutine GORM gets the error of a statement there.
		require.NoError(t, run(db, func() error {
			done := make(chan error, 1)
			snapshot(func() { done <- g.Create(&Author{Name: "other"}).Error })
			assert.ErrorIs(t, <-done, glssql.ErrOtherGoroutine)
			return nil
		}))
	})
}

// GORM's PrepareStmt keeps statements that it has prepared on the pool: they are no part of a Run. The table in the
// README says so; this is what it rests on.
func TestGORMWithPrepareStmtTakesNoPart(t *testing.T) {
	db := glssql.New(databases[1].pool(t))
	g, err := gorm.Open(postgres.New(postgres.Config{Conn: db}),
		&gorm.Config{Logger: logger.Discard, PrepareStmt: true, SkipDefaultTransaction: true})
	require.NoError(t, err)
	require.NoError(t, g.AutoMigrate(&Audit{}))
	require.NoError(t, g.Create(&Audit{What: "a"}).Error)
	assert.Equal(t, errBoom, run(db, func() error {
		require.NoError(t, g.Create(&Audit{What: "b"}).Error)
		return errBoom
	}))
	assert.Equal(t, "a b", rows(t, db, "SELECT what FROM audits ORDER BY id"))
}
