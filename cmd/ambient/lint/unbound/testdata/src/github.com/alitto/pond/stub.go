package pond

import "time"

type WorkerPool struct{}

func (*WorkerPool) Submit(task func())                               {}
func (*WorkerPool) TrySubmit(task func()) bool                       { return true }
func (*WorkerPool) SubmitAndWait(task func())                        {}
func (*WorkerPool) SubmitBefore(task func(), deadline time.Duration) {}

type TaskGroupWithContext struct{}

func (*TaskGroupWithContext) Submit(task func() error) {}
