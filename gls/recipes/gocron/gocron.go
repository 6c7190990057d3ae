// Package gocron is the recipe for github.com/go-co-op/gocron/v2: the scheduler is made and started with nothing set,
// and each run of a task has a scope of its own with an id.
//
//	gls.Isolate(func() { scheduler, err = gocron.NewScheduler() })
//	scheduler.NewJob(gocron.DurationJob(time.Hour), gocron.NewTask(Scoped(clean)))
//	gls.Isolate(scheduler.Start)
//
// Tasks run on goroutines of the library, which have nothing set in any build; gls.Isolate says that it is meant, and
// holds with -inherit too. Do not bind a task that is added during a request: every run would see it.
package gocron

import (
	"crypto/rand"
	"log/slog"

	"github.com/go-co-op/gocron/v2"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glslog"
)

var runID = gls.New[string]("gocron.run")

// NewScheduler returns a scheduler that has nothing of who makes it.
func NewScheduler(options ...gocron.SchedulerOption) (scheduler gocron.Scheduler, err error) {
	gls.Isolate(func() { scheduler, err = gocron.NewScheduler(options...) })
	return scheduler, err
}

// Scoped gives each run of a task an id.
func Scoped(task func()) func() {
	return func() {
		id := rand.Text()
		gls.Run(task, runID.With(id), glslog.With(slog.String("run_id", id)))
	}
}
