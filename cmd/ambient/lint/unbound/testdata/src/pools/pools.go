// Package pools hands what reads to the pools of many libraries.
package pools

import (
	"context"
	"time"

	pond1 "github.com/alitto/pond"
	"github.com/alitto/pond/v2"
	"github.com/bytedance/gopkg/util/gopool"
	"github.com/gammazero/workerpool"
	"github.com/samber/lo"
	"github.com/samber/lo/parallel"
	"github.com/sourcegraph/conc"

	"github.com/ambient-go/ambient/gls"
)

var tenant = gls.New[string]("tenant")

func read() { tenant.Get() }

func readErr() error { read(); return nil }

func name() string { return tenant.GetOrFail() }

func ponds(one *pond1.WorkerPool, group *pond1.TaskGroupWithContext, two pond.Pool, results pond.ResultPool[string]) {
	one.Submit(read)                                                          // want `^pond.WorkerPool.Submit runs the function on another goroutine with nothing set, and it reads tenant.Get through pools.read: bind it with gls.Bind$`
	one.TrySubmit(read)                                                       // want `pond.WorkerPool.TrySubmit`
	one.SubmitAndWait(read)                                                   // want `pond.WorkerPool.SubmitAndWait`
	one.SubmitBefore(read, time.Second)                                       // want `pond.WorkerPool.SubmitBefore`
	group.Submit(readErr)                                                     // want `pond.TaskGroupWithContext.Submit`
	pond.Submit(read)                                                         // want `pond.Submit`
	pond.SubmitErr(readErr)                                                   // want `pond.SubmitErr`
	two.Go(read)                                                              // want `pond.Pool.Go`
	two.Submit(read)                                                          // want `pond.Pool.Submit`
	two.SubmitErr(readErr)                                                    // want `pond.Pool.SubmitErr`
	two.TrySubmit(read)                                                       // want `pond.Pool.TrySubmit`
	two.TrySubmitErr(readErr)                                                 // want `pond.Pool.TrySubmitErr`
	results.Submit(name)                                                      // want `pond.ResultPool.Submit`
	two.NewGroup().Submit(gls.Bind(read), func() {}, read).SubmitErr(readErr) // want `pond.TaskGroup.Submit ` `pond.TaskGroup.SubmitErr`
	results.NewGroup().Submit(name)                                           // want `pond.ResultTaskGroup.Submit`
}

func others(ctx context.Context, wp *workerpool.WorkerPool, pool gopool.Pool, wg *conc.WaitGroup) {
	wp.Submit(read)         // want `workerpool.WorkerPool.Submit`
	wp.SubmitWait(read)     // want `workerpool.WorkerPool.SubmitWait`
	wp.Do(read)             // want `workerpool.WorkerPool.Do`
	wp.DoWait(read)         // want `workerpool.WorkerPool.DoWait`
	gopool.Go(read)         // want `gopool.Go`
	gopool.CtxGo(ctx, read) // want `gopool.CtxGo`
	pool.Go(read)           // want `gopool.Pool.Go`
	pool.CtxGo(ctx, read)   // want `gopool.Pool.CtxGo`
	wg.Go(read)             // want `conc.WaitGroup.Go`
}

func los(ids []int) {
	lo.Async(name)                                             // want `lo.Async `
	lo.Async0(read)                                            // want `lo.Async0 `
	lo.Async2(func() (int, error) { return 1, readErr() })     // want `lo.Async2 `
	parallel.Map(ids, func(int, int) string { return name() }) // want `parallel.Map `
	parallel.ForEach(ids, func(int, int) { read() })           // want `parallel.ForEach `
	parallel.Times(3, func(int) string { return name() })      // want `parallel.Times `
	parallel.GroupBy(ids, func(int) string { return name() })  // want `parallel.GroupBy `
	lo.Map(ids, func(int, int) string { return name() })       // ok: it runs it here
	two := gls.Bind(name)
	lo.Async(two) // ok: it is bound
}
