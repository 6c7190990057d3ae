// Package cron is the recipe for github.com/robfig/cron/v3: the scheduler starts with nothing set, and each run of a
// job has a scope of its own with an id.
//
//	c := cron.New(cron.WithChain(Scoped))
//	c.AddFunc("@hourly", clean)
//	gls.Isolate(c.Start)
//
// Jobs run on goroutines of the library, which have nothing set in any build. gls.Isolate is what makes c.Run, which
// schedules on the caller's goroutine, the same. Do not bind a job that is added during a request: every run would see
// it.
package cron

import (
	"crypto/rand"
	"log/slog"

	"github.com/robfig/cron/v3"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glslog"
)

var runID = gls.New[string]("cron.run")

// Scoped gives each run of a job an id.
func Scoped(job cron.Job) cron.Job {
	return cron.FuncJob(func() {
		id := rand.Text()
		gls.Run(job.Run, runID.With(id), glslog.With(slog.String("run_id", id)))
	})
}
