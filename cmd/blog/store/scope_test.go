package store_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/ambient-go/ambient/cmd/blog/session"
	"github.com/ambient-go/ambient/cmd/blog/store"
	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/httpctx"
)

type note struct {
	ID       uint
	TenantID uint
	Text     string
	Parts    []part `gorm:"foreignKey:NoteID"`
}

type part struct {
	ID       uint
	TenantID uint
	NoteID   uint
	Text     string
}

type free struct{ ID uint }

type shared struct{ ID uint }

func (shared) SharedByTenants() {}

// open returns a store with a note and a part for each of two tenants: note 1 belongs to tenant 1,
// note 2 to tenant 2.
func open(t *testing.T) *store.Store {
	t.Helper()
	s, err := store.Open(filepath.Join(t.TempDir(), "test.db"), func(db *gorm.DB) error {
		if err := db.AutoMigrate(note{}, part{}, free{}, shared{}); err != nil {
			return err
		}
		for id := uint(1); id <= 2; id++ {
			n := note{ID: id, TenantID: id, Text: "first", Parts: []part{{TenantID: id, Text: "part"}, {TenantID: 3 - id}}}
			if err := db.Create(&n).Error; err != nil {
				return err
			}
		}
		return db.Create(&shared{ID: 1}).Error
	})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.Close()) })
	return s
}

// as runs fn in a request of a tenant.
func as(tenant uint, fn func()) {
	request(func() { session.As(&session.Tenant{ID: tenant}, fn) })
}

func request(fn func()) {
	httpctx.Run(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", http.NoBody), fn)
}

// texts returns the texts of the notes by id, as their tenants see them.
func texts(t *testing.T, s *store.Store) map[uint]string {
	t.Helper()
	all := map[uint]string{}
	for tenant := uint(1); tenant <= 2; tenant++ {
		as(tenant, func() {
			var notes []note
			require.NoError(t, s.DB().Find(&notes).Error)
			for _, n := range notes {
				assert.Equal(t, tenant, n.TenantID)
				all[n.ID] = n.Text
			}
		})
	}
	return all
}

// In whatever form a query is written, tenant 1 gets the rows of tenant 1.
func TestQueriesAreLimited(t *testing.T) {
	s := open(t)
	find := func(query func(db *gorm.DB) *gorm.DB) func(db *gorm.DB) ([]uint, error) {
		return func(db *gorm.DB) (ids []uint, err error) {
			var notes []note
			err = query(db).Find(&notes).Error
			for _, n := range notes {
				ids = append(ids, n.ID)
			}
			return ids, err
		}
	}
	queries := map[string]func(db *gorm.DB) ([]uint, error){
		"Find":             find(func(db *gorm.DB) *gorm.DB { return db }),
		"Where":            find(func(db *gorm.DB) *gorm.DB { return db.Where("id > 0") }),
		"Or":               find(func(db *gorm.DB) *gorm.DB { return db.Where("id = 1").Or("id = 2") }),
		"Or alone":         find(func(db *gorm.DB) *gorm.DB { return db.Or("id = 2").Or("id = 1") }),
		"Or in the text":   find(func(db *gorm.DB) *gorm.DB { return db.Where("id = 1 OR id = 2") }),
		"Not":              find(func(db *gorm.DB) *gorm.DB { return db.Not("id = 7") }),
		"the other tenant": find(func(db *gorm.DB) *gorm.DB { return db.Where("id = 1 OR tenant_id = 2") }),
		"Unscoped":         find(func(db *gorm.DB) *gorm.DB { return db.Unscoped() }),
		"struct":           find(func(db *gorm.DB) *gorm.DB { return db.Where(&note{Text: "first"}) }),
		"Session":          find(func(db *gorm.DB) *gorm.DB { return db.Session(&gorm.Session{NewDB: true}) }),
		"group":            find(func(db *gorm.DB) *gorm.DB { return db.Where(db.Where("id = 1").Or("id = 2")) }),
		"Scopes": find(func(db *gorm.DB) *gorm.DB {
			return db.Scopes(func(db *gorm.DB) *gorm.DB { return db.Or("1 = 1") })
		}),
		"SkipHooks": find(func(db *gorm.DB) *gorm.DB { return db.Session(&gorm.Session{SkipHooks: true}) }),
		"Pluck": func(db *gorm.DB) (ids []uint, err error) {
			return ids, db.Model(&note{}).Pluck("id", &ids).Error
		},
		"Scan": func(db *gorm.DB) (ids []uint, err error) {
			return ids, db.Model(&note{}).Select("id").Scan(&ids).Error
		},
		"Rows": func(db *gorm.DB) (ids []uint, err error) {
			rows, err := db.Model(&note{}).Select("id").Rows()
			if err != nil {
				return nil, err
			}
			defer rows.Close()
			for rows.Next() {
				var id uint
				if err := rows.Scan(&id); err != nil {
					return nil, err
				}
				ids = append(ids, id)
			}
			return ids, rows.Err()
		},
		"Count": func(db *gorm.DB) ([]uint, error) {
			var n int64
			err := db.Model(&note{}).Count(&n).Error
			return []uint{uint(n)}, err
		},
		"FindInBatches": func(db *gorm.DB) (ids []uint, err error) {
			var notes []note
			return ids, db.FindInBatches(&notes, 1, func(*gorm.DB, int) error {
				ids = append(ids, notes[0].ID)
				return nil
			}).Error
		},
		"in a transaction": func(db *gorm.DB) (ids []uint, err error) {
			return ids, db.Transaction(func(tx *gorm.DB) error { return tx.Model(&note{}).Pluck("id", &ids).Error })
		},
	}
	for name, query := range queries {
		t.Run(name, func(t *testing.T) {
			as(1, func() {
				ids, err := query(s.DB())
				require.NoError(t, err)
				assert.Equal(t, []uint{1}, ids)
			})
		})
	}
	as(1, func() {
		assert.ErrorIs(t, s.DB().First(&note{}, 2).Error, gorm.ErrRecordNotFound, "another's, by its key")
		assert.ErrorIs(t, s.DB().Where("id = ?", 1).Or("id = ?", 2).Last(&note{ID: 2}).Error, gorm.ErrRecordNotFound)
		n := note{}
		require.NoError(t, s.DB().Preload("Parts").Take(&n).Error)
		assert.Len(t, n.Parts, 1, "a preload is a query, too")
		var all []shared
		require.NoError(t, s.DB().Find(&all).Error)
		assert.Len(t, all, 1)
	})
}

func TestChangesAreLimited(t *testing.T) {
	s := open(t)
	as(1, func() {
		changed := s.DB().Model(&note{}).Where("id = 1").Or("id = 2").Update("text", "changed")
		require.NoError(t, changed.Error)
		assert.EqualValues(t, 1, changed.RowsAffected)
		for _, change := range []*gorm.DB{
			s.DB().Model(&note{ID: 2}).Update("text", "stolen"),
			s.DB().Model(&note{ID: 2}).UpdateColumn("text", "stolen"),
			s.DB().Model(&note{ID: 2}).Updates(map[string]any{"text": "stolen", "tenant_id": 1}),
			s.DB().Delete(&note{ID: 2}),
			s.DB().Where("id = 2").Delete(&note{}),
			s.DB().Unscoped().Delete(&note{}, 2),
		} {
			require.NoError(t, change.Error)
			assert.Zero(t, change.RowsAffected)
		}
	})
	assert.Equal(t, map[uint]string{1: "changed", 2: "first"}, texts(t, s))
	as(1, func() { // a moved row would be out of its tenant's reach
		require.NoError(t, s.DB().Model(&note{ID: 1}).Updates(map[string]any{"tenant_id": 2, "text": "a"}).Error)
		require.NoError(t, s.DB().Model(&note{ID: 1}).Updates(map[string]any{"TenantID": 2, "text": "b"}).Error)
		require.NoError(t, s.DB().Model(&note{ID: 1}).Updates(note{TenantID: 2, Text: "c"}).Error)
		require.NoError(t, s.DB().Model(&note{ID: 1}).Select("*").Updates(note{ID: 1, TenantID: 2, Text: "d"}).Error)
	})
	assert.Equal(t, map[uint]string{1: "d", 2: "first"}, texts(t, s))
}

func TestNewRowsAreTheTenants(t *testing.T) {
	s := open(t)
	as(1, func() {
		n := note{Text: "new"}
		require.NoError(t, s.DB().Create(&n).Error)
		assert.EqualValues(t, 1, n.TenantID)
		two := []*note{{Text: "a"}, {Text: "b", TenantID: 1}}
		require.NoError(t, s.DB().Create(&two).Error)
		assert.EqualValues(t, 1, two[0].TenantID)
		require.NoError(t, s.DB().CreateInBatches([]note{{Text: "c"}, {Text: "d"}}, 1).Error)

		for name, add := range map[string]func(db *gorm.DB) *gorm.DB{
			"of another tenant":     func(db *gorm.DB) *gorm.DB { return db.Create(&note{TenantID: 2}) },
			"one of many":           func(db *gorm.DB) *gorm.DB { return db.Create(&[]note{{}, {TenantID: 2}}) },
			"Save of another's row": func(db *gorm.DB) *gorm.DB { return db.Save(&note{ID: 2, Text: "stolen"}) },
			"upsert": func(db *gorm.DB) *gorm.DB {
				return db.Clauses(clause.OnConflict{UpdateAll: true}).Create(&note{ID: 2, Text: "stolen"})
			},
			"a map": func(db *gorm.DB) *gorm.DB {
				return db.Model(&note{}).Create(map[string]any{"TenantID": 2, "text": "x"})
			},
		} {
			assert.ErrorIs(t, add(s.DB()).Error, store.ErrRefused, name)
		}
		kept := s.DB().Clauses(clause.OnConflict{DoNothing: true}).Create(&note{ID: 2, Text: "stolen"})
		require.NoError(t, kept.Error)
		assert.Zero(t, kept.RowsAffected)
	})
	all := texts(t, s)
	assert.Len(t, all, 7)
	assert.Equal(t, "first", all[2])
}

func TestWhatCannotBeLimitedIsRefused(t *testing.T) {
	s := open(t)
	var notes []note
	var id uint
	for name, query := range map[string]func(db *gorm.DB) error{
		"Raw":              func(db *gorm.DB) error { return db.Raw("SELECT * FROM notes").Find(&notes).Error },
		"Raw with Scan":    func(db *gorm.DB) error { return db.Raw("SELECT id FROM notes").Scan(&id).Error },
		"Raw with a model": func(db *gorm.DB) error { return db.Model(&note{}).Raw("SELECT id FROM notes").Scan(&id).Error },
		"Raw of shared":    func(db *gorm.DB) error { return db.Raw("SELECT * FROM notes").Find(&[]shared{}).Error },
		"Exec":             func(db *gorm.DB) error { return db.Exec("UPDATE notes SET text = 'x'").Error },
		"Table":            func(db *gorm.DB) error { return db.Table("notes").Select("id").Scan(&id).Error },
		"another Table":    func(db *gorm.DB) error { return db.Table("parts").Find(&notes).Error },
		"Table of shared":  func(db *gorm.DB) error { return db.Table("notes").Find(&[]shared{}).Error },
		"Joins of shared":  func(db *gorm.DB) error { return db.Joins("JOIN notes ON 1").Find(&[]shared{}).Error },
		"Joins": func(db *gorm.DB) error {
			return db.Joins("JOIN parts ON parts.note_id = notes.id").Find(&notes).Error
		},
		"From": func(db *gorm.DB) error {
			return db.Clauses(clause.From{Tables: []clause.Table{{Name: "parts"}}}).Find(&notes).Error
		},
		"without TenantID":         func(db *gorm.DB) error { return db.Find(&[]free{}).Error },
		"writing what all share":   func(db *gorm.DB) error { return db.Create(&shared{ID: 7}).Error },
		"deleting what all share":  func(db *gorm.DB) error { return db.Delete(&shared{ID: 1}).Error },
		"changing what all shares": func(db *gorm.DB) error { return db.Model(&shared{ID: 1}).Update("id", 2).Error },
	} {
		as(1, func() { assert.ErrorIs(t, query(s.DB()), store.ErrRefused, name) })
	}
	assert.Equal(t, map[uint]string{1: "first", 2: "first"}, texts(t, s))
}

// Outside of a request no statement runs, and the error says why there is no request.
func TestOutsideOfARequest(t *testing.T) {
	s := open(t)
	statements := map[string]func(db *gorm.DB) error{
		"query":  func(db *gorm.DB) error { return db.Find(&[]note{}).Error },
		"count":  func(db *gorm.DB) error { var n int64; return db.Model(&note{}).Count(&n).Error },
		"rows":   func(db *gorm.DB) error { _, err := db.Model(&note{}).Rows(); return err },
		"shared": func(db *gorm.DB) error { return db.Find(&[]shared{}).Error },
		"create": func(db *gorm.DB) error { return db.Create(&note{}).Error },
		"update": func(db *gorm.DB) error { return db.Model(&note{ID: 1}).Update("text", "x").Error },
		"delete": func(db *gorm.DB) error { return db.Delete(&note{ID: 1}).Error },
	}
	for name, run := range statements {
		assert.ErrorIs(t, run(s.DB()), store.ErrOutside, name)
		session.As(&session.Tenant{ID: 1}, func() {
			assert.ErrorIs(t, run(s.DB()), store.ErrOutside, "a tenant alone is no request: "+name)
		})
		as(1, func() {
			httpctx.RunOutside(func() { assert.ErrorIs(t, run(s.DB()), store.ErrOutside, name) })
			if gls.Propagation() == gls.Explicit {
				lost := make(chan error)
				//ambient:detached the test is about a lost value
				go func() { lost <- run(s.DB()) }()
				err := <-lost
				assert.ErrorIs(t, err, store.ErrOutside, name)
				assert.ErrorIs(t, err, httpctx.ErrLost, name)
				assert.ErrorContains(t, err, "scope_test.go:", "it names the go statement")
			}
		})
		if name != "shared" {
			request(func() { assert.ErrorIs(t, run(s.DB()), store.ErrOutside, "a request of nobody: "+name) })
		}
	}
	assert.ErrorIs(t, s.DB().Exec("DELETE FROM notes").Error, store.ErrRefused)

	over := make(chan error)
	finished := make(chan struct{})
	as(1, func() {
		gls.Go(func() {
			<-finished
			over <- s.DB().Find(&[]note{}).Error
		})
	})
	close(finished)
	err := <-over
	assert.ErrorIs(t, err, store.ErrOutside)
	assert.ErrorIs(t, err, httpctx.ErrFinished, "a goroutine that the request has left behind")

	done := make(chan error)
	as(1, func() { httpctx.GoDetached(func() { done <- s.DB().Find(&[]note{}).Error }) })
	assert.NoError(t, <-done, "detached work is still the tenant's")
	assert.Equal(t, map[uint]string{1: "first", 2: "first"}, texts(t, s))
}

// endless is a condition whose evaluation does not end.
const endless = "(WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c) > 0"

// A query ends with its request although its caller passes no context.
func TestAClientThatGoesAwayCancelsItsQuery(t *testing.T) {
	s := open(t)
	ctx, cancel := context.WithCancel(t.Context())
	r := httptest.NewRequest(http.MethodGet, "/", http.NoBody).WithContext(ctx)
	time.AfterFunc(50*time.Millisecond, cancel)
	httpctx.Run(httptest.NewRecorder(), r, func() {
		session.As(&session.Tenant{ID: 1}, func() {
			assert.Error(t, s.DB().Where(endless).Find(&[]note{}).Error)
			assert.ErrorIs(t, gls.Context().Err(), context.Canceled)
		})
	})
	as(1, func() { assert.NoError(t, s.DB().Find(&[]note{}).Error, "others go on") })
}
