// Package pools hands what reads to the pools of many libraries.
package pools

import (
	"context"
	"time"

	pond1 "github.com/alitto/pond"
	"github.com/alitto/pond/v2"
	"github.com/bytedance/gopkg/util/gopool"
	"github.com/gammazero/workerpool"
	"github.com/panjf2000/ants/v2"
	"github.com/samber/lo"
	"github.com/samber/lo/parallel"
	"github.com/sourcegraph/conc"
	"github.com/sourcegraph/conc/iter"
	"github.com/sourcegraph/conc/stream"
	"github.com/twmb/franz-go/pkg/kgo"

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
	lo.Async(name)                                                                         // want `lo.Async `
	lo.Async0(read)                                                                        // want `lo.Async0 `
	lo.Async2(func() (int, error) { return 1, readErr() })                                 // want `lo.Async2 `
	parallel.Map(ids, func(int, int) string { return name() })                             // want `parallel.Map `
	parallel.ForEach(ids, func(int, int) { read() })                                       // want `parallel.ForEach `
	parallel.Times(3, func(int) string { return name() })                                  // want `parallel.Times `
	parallel.GroupBy(ids, func(int) string { return name() })                              // want `parallel.GroupBy `
	lo.Map(ids, func(int, int) string { return name() })                                   // ok: it runs it here
	parallel.PartitionBy(ids, func(int) string { return name() })                          // want `parallel.PartitionBy `
	lo.Async6(func() (int, int, int, int, int, error) { return 1, 2, 3, 4, 5, readErr() }) // want `lo.Async6 `
	lo.Generator(1, func(yield func(string)) { yield(name()) })                            // want `lo.Generator `
	two := gls.Bind(name)
	lo.Async(two) // ok: it is bound
}

func more(pools *ants.MultiPool, s *stream.Stream, ids []string) {
	pools.Submit(read)                                             // want `ants.MultiPool.Submit`
	s.Go(func() stream.Callback { read(); return func() {} })      // want `stream.Stream.Go`
	iter.ForEach(ids, func(*string) { read() })                    // want `iter.ForEach `
	iter.ForEachIdx(ids, func(int, *string) { read() })            // want `iter.ForEachIdx `
	iter.Iterator[string]{}.ForEach(ids, func(*string) { read() }) // want `iter.Iterator.ForEach`
}

func promises(ctx context.Context, client *kgo.Client, r *kgo.Record) {
	client.Produce(ctx, r, func(*kgo.Record, error) { read() })         // want `kgo.Client.Produce `
	client.TryProduce(ctx, r, func(*kgo.Record, error) { read() })      // want `kgo.Client.TryProduce`
	client.CommitOffsets(ctx, nil, func(*kgo.Client, error) { read() }) // want `kgo.Client.CommitOffsets`
	client.Produce(ctx, r, nil)                                         // ok: nobody is told
	client.ProduceSync(ctx, r)                                          // ok: it waits
}
