package pools_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-co-op/gocron/v2"
	"github.com/graph-gophers/dataloader/v7"
	"github.com/robfig/cron/v3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/internal/mix"
)

// often is a schedule for cron.
type often struct{}

func (often) Next(now time.Time) time.Time { return now.Add(100 * time.Microsecond) }

// jobs counts the runs of a scheduler's jobs and closes done after enough of them.
type jobs struct {
	result
	l    *mix.Ledger
	ran  atomic.Int64
	done chan bool
}

func newJobs() *jobs { return &jobs{l: mix.NewLedger(), done: make(chan bool)} }

func (j *jobs) job(id string) func() {
	return func() {
		n := j.ran.Add(1)
		if n <= tasks {
			j.check(j.l, id)
		}
		if n == tasks {
			close(j.done)
		}
	}
}

// inRequests starts a scheduler in Ada's request, adds a job there and another one in Bob's
// request, and waits. If stays is set, Ada's request stays open.
func (j *jobs) inRequests(t *testing.T, stays bool, start func(job func()) (add func(job func()), stop func())) {
	end, over, begun := make(chan bool), make(chan bool), make(chan bool)
	var add func(job func())
	var stop func()
	go func() {
		defer close(over)
		j.l.In("Ada", func() {
			add, stop = start(j.job("Ada"))
			close(begun)
			if stays {
				<-end
			}
		})
	}()
	<-begun
	j.l.In("Bob", func() { add(j.job("Bob")) })
	for _, id := range []string{"Cid", "Dan", "Eve"} {
		j.l.In(id, func() { add(j.job(id)) })
	}
	select {
	case <-j.done:
	case <-time.After(4 * time.Minute):
		assert.Fail(t, "the jobs did not run")
	}
	close(end)
	<-over
	assert.Empty(t, j.l.Kept(), "kept of requests that are over, while the scheduler runs")
	stop()
	t.Log(&j.result)
	assert.Zero(t, j.another.Load())
	assert.Empty(t, j.l.Faults())
}

func TestCron(t *testing.T) {
	both(t, func(t *testing.T, stays bool) {
		newJobs().inRequests(t, stays, func(job func()) (func(func()), func()) {
			c := cron.New()
			c.Schedule(often{}, cron.FuncJob(job))
			c.Start()
			return func(job func()) { c.Schedule(often{}, cron.FuncJob(job)) }, func() { <-c.Stop().Done() }
		})
	})
}

func TestGocron(t *testing.T) {
	both(t, func(t *testing.T, stays bool) {
		newJobs().inRequests(t, stays, func(job func()) (func(func()), func()) {
			s, err := gocron.NewScheduler()
			require.NoError(t, err)
			add := func(job func()) {
				_, err := s.NewJob(gocron.DurationJob(2*time.Millisecond), gocron.NewTask(job))
				assert.NoError(t, err)
			}
			add(job)
			s.Start()
			return add, func() { assert.NoError(t, s.Shutdown()) }
		})
	})
}

// A batch computes for several requests: it runs in none of them, or in the only one that it is
// for.
func TestDataloader(t *testing.T) {
	both(t, func(t *testing.T, stays bool) {
		l := mix.NewLedger()
		var mixed atomic.Int64
		loader := func() *dataloader.Loader[string, string] {
			return dataloader.NewBatchedLoader(func(_ context.Context, ids []string) []*dataloader.Result[string] {
				id := ids[0]
				if slices.ContainsFunc(ids, func(other string) bool { return other != id }) {
					id = ""
					mixed.Add(1)
				}
				l.Check("batch", id)
				all := make([]*dataloader.Result[string], len(ids))
				for i, id := range ids {
					all[i] = &dataloader.Result[string]{Data: id}
				}
				return all
			}, dataloader.WithWait[string, string](200*time.Microsecond), dataloader.WithBatchCapacity[string, string](10),
				dataloader.WithCache(&dataloader.NoCache[string, string]{}))
		}
		var shared *dataloader.Loader[string, string]
		r := drive(t, l, stays, func() service {
			shared = loader()
			return service{func(id string, task func()) {
				thunk := shared.Load(t.Context(), id)
				go func() {
					got, err := thunk()
					assert.NoError(t, err)
					assert.Equal(t, id, got)
					task()
				}()
			}, nil}
		})
		assert.NotZero(t, mixed.Load(), "batches of several requests")
		assert.Zero(t, r.another.Load())
		assert.Empty(t, l.Faults())
		assert.Empty(t, l.Kept(), "kept of requests that are over")
	})
}

// The opener of database/sql connects for all requests that wait.
func TestDatabase(t *testing.T) {
	both(t, func(t *testing.T, stays bool) {
		l := mix.NewLedger()
		var db *sql.DB
		r := drive(t, l, stays, func() service {
			db = sql.OpenDB(connector{l})
			db.SetMaxOpenConns(3)
			db.SetMaxIdleConns(1)
			db.SetConnMaxIdleTime(time.Millisecond)
			db.SetConnMaxLifetime(5 * time.Millisecond)
			return service{func(id string, task func()) {
				rows, err := db.QueryContext(context.WithValue(t.Context(), idKey{}, id), "")
				assert.NoError(t, err)
				assert.False(t, rows.Next())
				assert.NoError(t, rows.Close())
				task()
			}, nil}
		})
		assert.Zero(t, r.another.Load())
		assert.Empty(t, l.Kept(), "kept of requests that are over, while the database is open")
		own, none, _ := l.Of("driver.Connect")
		assert.NotZero(t, own, "connected by the one who asked")
		assert.NotZero(t, none, "connected by the opener")
		assert.NoError(t, db.Close())
		assert.Empty(t, l.Faults())
	})
}

type idKey struct{}

// A connector is a driver that checks the values it finds.
type connector struct{ l *mix.Ledger }

func (c connector) Connect(context.Context) (driver.Conn, error) {
	c.l.CheckHere("driver.Connect")
	time.Sleep(100 * time.Microsecond)
	return conn(c), nil
}

func (c connector) Driver() driver.Driver { return nil }

type conn struct{ l *mix.Ledger }

func (c conn) QueryContext(ctx context.Context, _ string, _ []driver.NamedValue) (driver.Rows, error) {
	c.l.Must("driver.Query", ctx.Value(idKey{}).(string))
	time.Sleep(50 * time.Microsecond)
	return rows(c), nil
}

func (c conn) ResetSession(context.Context) error {
	c.l.CheckHere("driver.ResetSession")
	return nil
}

func (c conn) IsValid() bool {
	c.l.CheckHere("driver.IsValid")
	return true
}

func (c conn) Close() error {
	c.l.CheckHere("driver.Close")
	return nil
}

func (conn) Prepare(string) (driver.Stmt, error) { return nil, errors.ErrUnsupported }
func (conn) Begin() (driver.Tx, error)           { return nil, errors.ErrUnsupported }

type rows struct{ l *mix.Ledger }

func (r rows) Next([]driver.Value) error { r.l.CheckHere("driver.Rows.Next"); return io.EOF }
func (r rows) Close() error              { r.l.CheckHere("driver.Rows.Close"); return nil }
func (rows) Columns() []string           { return nil }
