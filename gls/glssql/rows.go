package glssql

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"reflect"
)

// A begunStmt is a statement prepared on a *sql.Tx that BeginTx returned inside of a Run.
type begunStmt struct {
	tx   begunTx
	stmt *sql.Stmt
}

var (
	_ driver.StmtExecContext  = begunStmt{}
	_ driver.StmtQueryContext = begunStmt{}
)

func (s begunStmt) Close() error { return s.stmt.Close() }

func (s begunStmt) NumInput() int { return -1 } // unknown: the database's driver checks the number

func (s begunStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	if err := s.tx.scope.check(); err != nil {
		return nil, err
	}
	return s.stmt.ExecContext(ctx, arguments(args)...)
}

func (s begunStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	if err := s.tx.scope.check(); err != nil {
		return nil, err
	}
	return newRows(s.stmt.QueryContext(ctx, arguments(args)...))
}

// Exec and Query complete the interface driver.Stmt. Package database/sql calls ExecContext and
// QueryContext.
func (s begunStmt) Exec([]driver.Value) (driver.Result, error) { return nil, errors.ErrUnsupported }

func (s begunStmt) Query([]driver.Value) (driver.Rows, error) { return nil, errors.ErrUnsupported }

// rows adapts a *sql.Rows to driver.Rows, so that database/sql reads it a second time.
type rows struct {
	from    *sql.Rows
	columns []string
	types   []*sql.ColumnType
	values  []any // the values of one row
	into    []any // pointers to them
	more    bool  // from is in its next result set
}

func newRows(from *sql.Rows, err error) (driver.Rows, error) {
	if err != nil {
		return nil, err
	}
	r := &rows{from: from}
	if err := r.describe(); err != nil {
		return nil, errors.Join(err, from.Close())
	}
	return r, nil
}

// describe reads the columns of a result set.
func (r *rows) describe() (err error) {
	if r.columns, err = r.from.Columns(); err != nil {
		return err
	}
	if r.types, err = r.from.ColumnTypes(); err != nil {
		return err
	}
	r.values, r.into = make([]any, len(r.columns)), make([]any, len(r.columns))
	for i := range r.values {
		r.into[i] = &r.values[i]
	}
	return nil
}

func (r *rows) Columns() []string { return r.columns }

func (r *rows) Close() error { return r.from.Close() }

func (r *rows) Next(dest []driver.Value) error {
	if !r.more && r.from.Next() {
		err := r.from.Scan(r.into...)
		for i, v := range r.values {
			dest[i] = v
		}
		return err
	}
	if err := r.from.Err(); err != nil {
		return err
	}
	r.more = r.more || r.from.NextResultSet()
	return io.EOF
}

func (r *rows) HasNextResultSet() bool { return r.more }

func (r *rows) NextResultSet() error {
	if !r.more && !r.from.NextResultSet() {
		return io.EOF
	}
	r.more = false
	return r.describe()
}

func (r *rows) ColumnTypeDatabaseTypeName(i int) string { return r.types[i].DatabaseTypeName() }

func (r *rows) ColumnTypeScanType(i int) reflect.Type { return r.types[i].ScanType() }

func (r *rows) ColumnTypeNullable(i int) (nullable, ok bool) { return r.types[i].Nullable() }

func (r *rows) ColumnTypeLength(i int) (length int64, ok bool) { return r.types[i].Length() }

func (r *rows) ColumnTypePrecisionScale(i int) (precision, scale int64, ok bool) {
	return r.types[i].DecimalSize()
}
