package store

import (
	"errors"
	"fmt"
	"reflect"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
	"gorm.io/gorm/schema"

	"github.com/ambient-go/ambient/cmd/blog/session"
	"github.com/ambient-go/ambient/httpctx"
)

var (
	// ErrOutside is the error of every query outside of a request, or in a request without a
	// tenant.
	ErrOutside = errors.New("store: no tenant to ask for")

	// ErrRefused is the error of a query that cannot be limited to a tenant.
	ErrRefused = errors.New("store: refused")
)

// Shared is implemented by models without a TenantID. A request may read them before it has a
// tenant.
type Shared interface{ SharedByTenants() }

// scope limits every statement to the tenant of the current request: it reads, changes and deletes
// that tenant's rows alone, and new rows belong to that tenant. GORM gives its callbacks neither a
// context nor a request.
//
// It refuses statements that it cannot limit: raw SQL, joins, other tables than the model's, and
// rows that would move from another tenant. It does not check the text of conditions, such as
// subqueries: their author is responsible.
func scope(db *gorm.DB) error {
	const name = "blog:tenant"
	on := db.Callback()
	return errors.Join(
		on.Query().Before("*").Register(name, read),
		on.Row().Before("*").Register(name, read),
		on.Update().Before("*").Register(name, update),
		on.Delete().Before("*").Register(name, remove),
		on.Create().Before("*").Register(name, create),
		on.Raw().Before("*").Register(name, func(db *gorm.DB) { refuse(db, "raw SQL") }),
	)
}

func refuse(db *gorm.DB, what string) { _ = db.AddError(fmt.Errorf("%w: %s", ErrRefused, what)) }

// owner returns the field with a row's tenant, nil for rows that all tenants share, and the current
// tenant. If ok is false, the statement does not run.
func owner(db *gorm.DB) (field *schema.Field, tenant uint, ok bool) {
	s := db.Statement
	if _, err := httpctx.Lookup(); err != nil {
		_ = db.AddError(fmt.Errorf("%w: %w", ErrOutside, err))
		return nil, 0, false
	}
	switch {
	case s.Schema == nil:
		refuse(db, "a statement without a model")
		return nil, 0, false
	case s.SQL.Len() > 0:
		refuse(db, "raw SQL")
		return nil, 0, false
	case len(s.Joins) > 0 || s.TableExpr != nil || s.Clauses["FROM"].Expression != nil:
		refuse(db, "tables beside the model's own")
		return nil, 0, false
	}
	if field = s.Schema.LookUpField("TenantID"); field == nil {
		return nil, 0, true
	}
	t, found := session.CurrentTenant()
	if !found {
		_ = db.AddError(fmt.Errorf("%w: the request is nobody's", ErrOutside))
		return nil, 0, false
	}
	return field, t.ID, true
}

// read limits a query.
func read(db *gorm.DB) {
	field, tenant, ok := owner(db)
	switch {
	case !ok:
	case field != nil:
		limit(db, field, tenant)
	case !isShared(db.Statement.Schema):
		refuse(db, db.Statement.Schema.Name+" has no TenantID")
	}
}

// write is owner for statements that change rows. Shared rows never change.
func write(db *gorm.DB) (field *schema.Field, tenant uint, ok bool) {
	field, tenant, ok = owner(db)
	if ok && field == nil {
		refuse(db, db.Statement.Schema.Name+" has no TenantID")
		return nil, 0, false
	}
	return field, tenant, ok
}

func remove(db *gorm.DB) {
	if field, tenant, ok := write(db); ok {
		limit(db, field, tenant)
	}
}

// update removes the tenant from the changes: a statement could move a row to another tenant.
func update(db *gorm.DB) {
	if field, tenant, ok := write(db); ok {
		db.Statement.Omits = append(db.Statement.Omits, field.DBName)
		limit(db, field, tenant)
	}
}

// limit adds the tenant to the conditions. It puts the existing conditions into parentheses, so
// that an OR in them cannot reach around it.
func limit(db *gorm.DB, field *schema.Field, tenant uint) {
	own := clause.Eq{Column: clause.Column{Table: clause.CurrentTable, Name: field.DBName}, Value: tenant}
	where := clause.Where{Exprs: []clause.Expression{own}}
	present := db.Statement.Clauses["WHERE"]
	if others, ok := present.Expression.(clause.Where); ok && len(others.Exprs) > 0 {
		where.Exprs = []clause.Expression{clause.And(others.Exprs...), own}
	}
	present.Name, present.Expression = "WHERE", where
	db.Statement.Clauses["WHERE"] = present
}

func isShared(s *schema.Schema) bool {
	_, ok := reflect.TypeAssert[Shared](reflect.New(s.ModelType))
	return ok
}

// create sets the tenant of new rows.
func create(db *gorm.DB) {
	field, tenant, ok := write(db)
	if !ok {
		return
	}
	s := db.Statement
	// Save of another tenant's row comes here, for its UPDATE has found no row.
	if conflict, ok := s.Clauses["ON CONFLICT"].Expression.(clause.OnConflict); ok && !conflict.DoNothing {
		refuse(db, "an INSERT that may change a row that is there")
		return
	}
	if foreign(s, field, tenant) {
		refuse(db, "a new row of another tenant")
		return
	}
	s.SetColumn(field.DBName, tenant, true)
}

// foreign reports whether a new row names another tenant.
func foreign(s *gorm.Statement, field *schema.Field, tenant uint) bool {
	other := func(row reflect.Value) bool {
		value, zero := field.ValueOf(s.Context, row)
		return !zero && value != any(tenant)
	}
	switch rows := s.ReflectValue; rows.Kind() {
	case reflect.Struct:
		return other(rows)
	case reflect.Slice, reflect.Array:
		for i := range rows.Len() {
			if row := reflect.Indirect(rows.Index(i)); row.Kind() != reflect.Struct || other(row) {
				return true // maps are refused, for their keys may be spelled in several ways
			}
		}
		return false
	default:
		return true
	}
}
