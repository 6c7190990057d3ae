package glsriver_test

import (
	"context"
	"database/sql"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/riverqueue/river/rivertype"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glsriver"
	"github.com/ambient-go/ambient/gls/glswire"
)

var (
	tenant  = gls.New[string]("tenant")
	attempt = gls.New[int]("attempt")
	private = gls.New[string]("private") // does not travel
)

var flow = glsriver.New(
	glswire.Value("tenant", tenant, glswire.String[string]()),
	glswire.Value("attempt", attempt, glswire.Int[int]()))

func failOnError(t testing.TB) func(error) { return func(err error) { assert.NoError(t, err) } }

func set[T any](s *gls.Storage[T]) bool { _, ok := s.Get(); return ok }

// An args is a job that has a name, and works by a function of the test's.
type args struct {
	Name string `json:"name"`
}

func (args) Kind() string { return "greet" }

type worker struct {
	river.WorkerDefaults[args]

	work func(ctx context.Context, job *river.Job[args]) error
}

func (w *worker) Work(ctx context.Context, job *river.Job[args]) error { return w.work(ctx, job) }

// NextRetry is at once.
func (*worker) NextRetry(*river.Job[args]) time.Time { return time.Now() }

type client = river.Client[*sql.Tx]

// open returns a migrated database of the test's own.
func open(t testing.TB) *sql.DB {
	db, err := sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "river.db")+
		"?_pragma=journal_mode(WAL)&_pragma=busy_timeout(20000)&_pragma=synchronous(OFF)")
	require.NoError(t, err)
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { assert.NoError(t, db.Close()) })
	migrator, err := rivermigrate.New(riversqlite.New(db), &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	_, err = migrator.Migrate(context.Background(), rivermigrate.DirectionUp, nil)
	require.NoError(t, err)
	return db
}

// start runs a client that works until the end of the test.
func start(ctx context.Context, t testing.TB, config *river.Config, work func(ctx context.Context, job *river.Job[args]) error,
) *client {
	config.Workers = river.NewWorkers()
	river.AddWorker(config.Workers, &worker{work: work})
	config.Logger = slog.New(slog.DiscardHandler)
	config.FetchCooldown, config.FetchPollInterval = time.Millisecond, 20*time.Millisecond
	if config.Queues == nil {
		config.Queues = map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: 10}}
	}
	c, err := river.NewClient(riversqlite.New(open(t)), config)
	require.NoError(t, err)
	require.NoError(t, c.Start(ctx))
	t.Cleanup(func() { assert.NoError(t, c.Stop(context.Background())) })
	return c
}

// with is the configuration of f's middleware.
func with(f glsriver.Flow) *river.Config {
	return &river.Config{Middleware: []rivertype.Middleware{f.Middleware()}}
}
