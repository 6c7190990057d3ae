package glsriver_test

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/riverqueue/river/rivertype"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glsriver"
	"github.com/ambient-go/ambient/gls/glswire"
)

// Both ends know this.
var (
	user  = gls.New[string]("user")
	flows = glsriver.New(glswire.Value("user", user, glswire.String[string]()))
)

type welcome struct{}

func (welcome) Kind() string { return "welcome" }

type mailer struct {
	river.WorkerDefaults[welcome]

	sent chan string
}

func (m *mailer) Work(context.Context, *river.Job[welcome]) error {
	m.sent <- greeting()
	return nil
}

// greeting is far below a worker, and takes neither ctx nor user.
func greeting() string {
	name, _ := user.Get()
	return "dear " + name
}

func Example() {
	ctx := context.Background()
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		panic(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	silent := slog.New(slog.DiscardHandler)
	migrator, err := rivermigrate.New(riversqlite.New(db), &rivermigrate.Config{Logger: silent})
	if err != nil {
		panic(err)
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		panic(err)
	}

	m := &mailer{sent: make(chan string)}
	workers := river.NewWorkers()
	river.AddWorker(workers, m)
	client, err := river.NewClient(riversqlite.New(db), &river.Config{
		Logger:     silent,
		Middleware: []rivertype.Middleware{flows.Middleware()},
		Queues:     map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: 10}},
		Workers:    workers,
	})
	if err != nil {
		panic(err)
	}
	if err := client.Start(ctx); err != nil {
		panic(err)
	}
	user.Run("Ada", func() {
		_, err := client.Insert(ctx, welcome{}, nil)
		fmt.Println(err)
	})
	fmt.Println(<-m.sent)
	_ = client.Stop(ctx)
	// Output:
	// <nil>
	// dear Ada
}
