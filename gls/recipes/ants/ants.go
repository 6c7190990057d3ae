// Package ants is the recipe for github.com/panjf2000/ants/v2: each task is bound where it is submitted.
//
//	err := pool.Submit(gls.Bind(task))
//
// The same holds for MultiPool.Submit and ants.Submit. A PoolWithFunc runs one function for all: give it the snapshot
// with the argument.
//
//	pool, err := ants.NewPoolWithFuncGeneric(size, func(job Job) { job.snapshot.Run(job.do) })
//	err = pool.Invoke(Job{gls.Capture(), do})
//
// Ambient vet finds tasks that are not bound, and -fix binds them.
package ants

import (
	"github.com/panjf2000/ants/v2"

	"github.com/ambient-go/ambient/gls"
)

// Submit runs task on a worker of the pool, with what is set here.
func Submit(pool *ants.Pool, task func()) error {
	return pool.Submit(gls.Bind(task))
}

// A Job carries what was set where it was made.
type Job struct {
	snapshot gls.Snapshot
	do       func()
}

// NewPool returns a pool that has one function for all jobs.
func NewPool(size int, options ...ants.Option) (*ants.PoolWithFuncGeneric[Job], error) {
	return ants.NewPoolWithFuncGeneric(size, func(job Job) { job.snapshot.Run(job.do) }, options...)
}

// Invoke runs do on a worker of the pool, with what is set here.
func Invoke(pool *ants.PoolWithFuncGeneric[Job], do func()) error {
	return pool.Invoke(Job{gls.Capture(), do})
}
