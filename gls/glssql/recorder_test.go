package glssql_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/gls/glssql"
)

// A recorder is a database in memory that writes down what it is told. It knows
//
//	insert X        adds the row X; X may be ? with an argument
//	select          returns all rows that the connection sees
//	SAVEPOINT N, ROLLBACK TO SAVEPOINT N, RELEASE SAVEPOINT N
//
// and takes all else without doing anything.
type recorder struct {
	mu   sync.Mutex
	log  []string
	rows []string // committed
	pool []string // those of them that were written outside of a transaction

	// step, if not nil, is called before each step: "begin", "commit", "rollback" or a statement. Its error is that of
	// the step, which then does nothing, except that the end of a transaction that fails rolls it back.
	step func(text string) error

	mute   bool // nothing is written down
	aborts bool // as PostgreSQL: after an error, all fails up to the next rollback
}

func newRecorder(t testing.TB, opts ...glssql.Option) (*recorder, *glssql.DB) {
	r := &recorder{}
	pool := sql.OpenDB(r)
	t.Cleanup(func() { require.NoError(t, pool.Close()) })
	return r, glssql.New(pool, opts...)
}

// Log returns what was recorded, and forgets it.
func (r *recorder) Log() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	log := r.log
	r.log = nil
	return log
}

// Rows returns what is committed.
func (r *recorder) Rows() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.rows)
}

// Fail makes steps of that text fail.
func (r *recorder) Fail(text string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	before := r.step
	r.step = func(step string) error {
		if step == text {
			return err
		}
		if before != nil {
			return before(step)
		}
		return nil
	}
}

func (r *recorder) Connect(context.Context) (driver.Conn, error) { return &recorded{r: r}, nil }

func (r *recorder) Driver() driver.Driver { return nil }

func (r *recorder) record(text string) error {
	if r.mute {
		return nil
	}
	r.mu.Lock()
	step := r.step
	r.log = append(r.log, text)
	r.mu.Unlock()
	if step != nil {
		return step(text)
	}
	return nil
}

// recorded is a connection.
type recorded struct {
	r          *recorder
	in         bool     // a transaction
	rows       []string // of the transaction
	savepoints []mark
	aborted    bool
}

type mark struct {
	name string
	rows int
}

var errAborted = errors.New("recorder: the transaction is aborted")

func (c *recorded) Begin() (driver.Tx, error) {
	return c.BeginTx(context.Background(), driver.TxOptions{})
}

func (c *recorded) BeginTx(_ context.Context, opts driver.TxOptions) (driver.Tx, error) {
	text := "begin"
	if opts.Isolation != 0 {
		text += " " + sql.IsolationLevel(opts.Isolation).String()
	}
	if opts.ReadOnly {
		text += " read only"
	}
	if err := c.r.record(text); err != nil {
		return nil, err
	}
	if c.in {
		return nil, errors.New("recorder: already in a transaction")
	}
	c.in = true
	return c, nil
}

func (c *recorded) Commit() error {
	err := c.r.record("commit")
	if err == nil && c.aborted {
		err = errAborted
	}
	if err == nil {
		c.r.mu.Lock()
		c.r.rows = append(c.r.rows, c.rows...)
		c.r.mu.Unlock()
	}
	c.end()
	return err
}

func (c *recorded) Rollback() error {
	err := c.r.record("rollback")
	c.end()
	return err
}

func (c *recorded) end() { *c = recorded{r: c.r} }

func (c *recorded) Close() error { return nil }

func (c *recorded) Prepare(query string) (driver.Stmt, error) {
	return prepared{c, query}, c.r.record("prepare " + query)
}

func (c *recorded) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	return driver.RowsAffected(1), c.do(ctx, query, args)
}

func (c *recorded) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if err := c.do(ctx, query, args); err != nil {
		return nil, err
	}
	if query == "select two" {
		return &twoSets{selected: selected{rows: []string{"1"}}}, nil
	}
	c.r.mu.Lock()
	defer c.r.mu.Unlock()
	return &selected{rows: slices.Concat(c.r.rows, c.rows)}, nil
}

func (c *recorded) do(ctx context.Context, query string, args []driver.NamedValue) error {
	for _, a := range args {
		query = strings.Replace(query, "?", fmt.Sprint(a.Value), 1)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	err := c.r.record(query)
	back, isBack := strings.CutPrefix(query, "ROLLBACK TO SAVEPOINT ")
	if err == nil && c.aborted && !isBack {
		err = errAborted
	}
	switch verb, name, _ := strings.Cut(strings.TrimPrefix(query, "RELEASE "), " "); {
	case err != nil:
	case isBack:
		var i int
		if i, err = c.find(back); err == nil {
			c.rows, c.savepoints, c.aborted = c.rows[:c.savepoints[i].rows], c.savepoints[:i+1], false
		}
	case strings.HasPrefix(query, "RELEASE "):
		var i int
		if i, err = c.find(name); err == nil {
			c.savepoints = c.savepoints[:i]
		}
	case verb == "SAVEPOINT":
		if err = errors.New("recorder: a savepoint outside of a transaction"); c.in {
			err, c.savepoints = nil, append(c.savepoints, mark{name, len(c.rows)})
		}
	case verb == "insert":
		if c.in {
			c.rows = append(slices.Clip(c.rows), name)
		} else {
			c.r.mu.Lock()
			c.r.rows, c.r.pool = append(c.r.rows, name), append(c.r.pool, name)
			c.r.mu.Unlock()
		}
	}
	c.aborted = c.aborted || err != nil && c.in && c.r.aborts
	return err
}

func (c *recorded) find(savepoint string) (int, error) {
	for i, s := range slices.Backward(c.savepoints) {
		if s.name == savepoint {
			return i, nil
		}
	}
	return 0, errors.New("recorder: no savepoint " + savepoint)
}

type prepared struct {
	c     *recorded
	query string
}

func (p prepared) Close() error  { return nil }
func (p prepared) NumInput() int { return -1 }

func (p prepared) Exec(args []driver.Value) (driver.Result, error) {
	return p.c.ExecContext(context.Background(), p.query, named(args))
}

func (p prepared) Query(args []driver.Value) (driver.Rows, error) {
	return p.c.QueryContext(context.Background(), p.query, named(args))
}

func named(args []driver.Value) []driver.NamedValue {
	all := make([]driver.NamedValue, len(args))
	for i, a := range args {
		all[i] = driver.NamedValue{Ordinal: i + 1, Value: a}
	}
	return all
}

// selected are rows of one column.
type selected struct {
	rows []string
	next int
}

func (s *selected) Columns() []string                          { return []string{"row"} }
func (s *selected) Close() error                               { return nil }
func (s *selected) ColumnTypeDatabaseTypeName(int) string      { return "ROW" }
func (s *selected) ColumnTypeLength(int) (int64, bool)         { return 7, true }
func (s *selected) ColumnTypeNullable(int) (nullable, ok bool) { return true, true }

func (s *selected) Next(dest []driver.Value) error {
	if s.next == len(s.rows) {
		return io.EOF
	}
	dest[0] = s.rows[s.next]
	s.next++
	return nil
}

// twoSets are two result sets, of one row each.
type twoSets struct {
	selected
	second bool
}

func (s *twoSets) Columns() []string {
	if s.second {
		return []string{"row2"}
	}
	return s.selected.Columns()
}

func (s *twoSets) HasNextResultSet() bool { return !s.second }

func (s *twoSets) NextResultSet() error {
	if s.second {
		return io.EOF
	}
	s.second, s.selected = true, selected{rows: []string{"2"}}
	return nil
}

// insert runs a statement that must not be refused.
func insert(t testing.TB, db *glssql.DB, row string) {
	t.Helper()
	_, err := db.ExecContext(context.Background(), "insert ?", row)
	require.NoError(t, err)
}

// try runs a statement and returns its error.
func try(db *glssql.DB, row string) error {
	_, err := db.ExecContext(context.Background(), "insert "+row)
	return err
}

// run is Run without what most tests do not need.
func run(db *glssql.DB, fn func() error) error { return db.Run(context.Background(), nil, fn) }

// join runs fn on a goroutine of its own, started by a plain go statement, and waits for its end.
func join(fn func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		fn()
	}()
	<-done
}

// panicOf returns what fn panicked with, nil when it returned.
func panicOf(fn func()) (value any) {
	defer func() { value = recover() }()
	fn()
	return nil
}
