// Package errgroup is golang.org/x/sync/errgroup whose functions see the values of the code that calls Go. Only the
// import path changes:
//
//	import "github.com/ambient-go/ambient/gls/errgroup"
//
//	group, ctx := errgroup.WithContext(ctx)
//	for _, url := range urls {
//		group.Go(func() error { return fetch(ctx, url) }) // and all that fetch calls finds the user
//	}
//	return group.Wait()
//
// Each function runs with the frame of its caller as it is at the call of Go or TryGo, also where Go waits for the
// limit. What a function sets is its own: neither the others nor the one who waits see it. A Group started by one flow
// and added to by another runs each function as the flow that added it.
//
// A [Group] is one of x/sync inside, so the limit, the first error, the cancellation and a panic in a function, which
// ends the process, are that package's. One thing differs: Go and TryGo panic at the call if the function is nil, where
// x/sync ends the process later. A function that wants a *Group of x/sync does not take this one.
//
// The ambient context (see gls.Context) in a function is the caller's, too, and not the one that WithContext returns.
// Where code below is given no ctx and has to stop with the group, call Go in the group's context:
//
//	gls.RunContext(ctx, func() { group.Go(work) })
//
// In a program built by ambient build the Group of x/sync does the same; this one works in every build.
package errgroup
