package glsriver_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glsriver"
	"github.com/ambient-go/ambient/internal/adaptertest"
)

// onFailure is an error handler that calls a function.
type onFailure func(job *rivertype.JobRow)

func (f onFailure) HandleError(_ context.Context, job *rivertype.JobRow, _ error) *river.ErrorHandlerResult {
	f(job)
	return nil
}

func (f onFailure) HandlePanic(_ context.Context, job *rivertype.JobRow, _ any, _ string) *river.ErrorHandlerResult {
	f(job)
	return nil
}

// Each job has an identity in its arguments and one that travels. All are in their workers at once; a third of them fail
// and a third panic at first, and come again.
func TestEachOfManyJobsHasItsOwnValues(t *testing.T) {
	adaptertest.Build(t)
	const n = adaptertest.Calls
	var (
		tally               adaptertest.Tally
		inside, ended, late sync.WaitGroup
		over                = make(chan struct{})
	)
	inside.Add(n)
	ended.Add(n)
	read := func(place, want string, job int64) {
		got, ok := tenant.Get()
		tally.During(place, want, got, ok)
		id, ok := glsriver.JobID()
		tally.During(place+", the id", fmt.Sprint(job), fmt.Sprint(id), ok)
	}
	f := flow.OnError(failOnError(t))
	config := with(f)
	config.Queues = map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: n}}
	config.ErrorHandler = f.ErrorHandler(onFailure(func(job *rivertype.JobRow) {
		name := ""
		_, _ = fmt.Sscanf(string(job.EncodedArgs), `{"name":%q}`, &name)
		read("error handler", name, job.ID)
	}))
	config.JobTimeout = -1
	c := start(context.Background(), t, config, func(_ context.Context, job *river.Job[args]) error {
		name, i := job.Args.Name, 0
		_, _ = fmt.Sscanf(name, "tenant-%d", &i)
		read("worker", name, job.ID)
		if job.Attempt == 1 {
			inside.Done()
			inside.Wait()
			read("worker, after the others have come", name, job.ID)
			tenant.Enter("entered and never left")
			switch i % 3 {
			case 1:
				return errors.New("at first")
			case 2:
				panic("at first")
			}
			tenant.Enter(name)
		}
		done := make(chan struct{})
		gls.Go(func() {
			defer close(done)
			read("child", name, job.ID)
		})
		<-done
		late.Add(1)
		gls.Go(func() {
			defer late.Done()
			<-over
			got, ok := tenant.Get()
			tally.After("late", name, got, ok)
		})
		ended.Done()
		return nil
	})
	adaptertest.Each(n, func(i int) {
		name := fmt.Sprint("tenant-", i)
		tenant.Run(name, func() {
			_, err := c.Insert(context.Background(), args{name}, nil)
			assert.NoError(t, err)
		})
	})
	ended.Wait()
	close(over)
	late.Wait()
	tally.Verify(t, 2*n*3+2*(n/3), n)
}
