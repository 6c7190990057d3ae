package conformance_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"sync"
	"syscall"
)

func controlFunc(fn func()) func(context.Context, string, string, syscall.RawConn) error {
	return func(context.Context, string, string, syscall.RawConn) error {
		fn()
		return nil
	}
}

// A fakeDriver is a database that can do nothing, and tells of what is asked of it.
type fakeDriver struct {
	check func(what string)

	mu     sync.Mutex // guards the fields below
	called map[string]int
	names  map[string]string
}

// as gives what happens next another name.
func (d *fakeDriver) as(event, name string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.names == nil {
		d.names = map[string]string{}
	}
	d.names[event] = name
}

func (d *fakeDriver) event(event string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if name := d.names[event]; name != "" {
		event = name
	}
	d.called[event]++
	d.check(event)
}

// saw waits for the event.
func (d *fakeDriver) saw(event string) bool {
	return poll(func(int) bool {
		d.mu.Lock()
		defer d.mu.Unlock()
		return d.called[event] > 0
	})
}

func (d *fakeDriver) Connect(context.Context) (driver.Conn, error) {
	d.event("Open")
	return fakeConn{d}, nil
}

func (d *fakeDriver) Driver() driver.Driver { return d }

func (d *fakeDriver) Open(string) (driver.Conn, error) { return nil, errors.ErrUnsupported }

type fakeConn struct{ driver *fakeDriver }

func (c fakeConn) Prepare(string) (driver.Stmt, error) {
	c.driver.event("Prepare")
	return fakeStmt{}, nil
}

func (c fakeConn) Close() error              { return nil }
func (c fakeConn) Begin() (driver.Tx, error) { return fakeTx(c), nil }

type fakeStmt struct{}

func (fakeStmt) Close() error                               { return nil }
func (fakeStmt) NumInput() int                              { return 0 }
func (fakeStmt) Exec([]driver.Value) (driver.Result, error) { return nil, errors.ErrUnsupported }
func (fakeStmt) Query([]driver.Value) (driver.Rows, error)  { return nil, errors.ErrUnsupported }

type fakeTx struct{ driver *fakeDriver }

func (tx fakeTx) Commit() error { return nil }

func (tx fakeTx) Rollback() error {
	tx.driver.event("Rollback")
	return nil
}
