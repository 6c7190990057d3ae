// Package gls gives a value to a flow of work. The value is set once, and all code that the flow
// runs can read it, on its goroutine and on those that it starts with [Go], without a parameter
// passed from function to function.
//
//	var user = gls.New[string]("user")
//
//	func greet() {
//		name, ok := user.Get()
//		fmt.Println("hello,", name, ok)
//	}
//
//	func main() {
//		user.Run("Ada", greet)
//		greet()
//	}
//
// prints
//
//	hello, Ada true
//	hello,  false
//
// A [context.Context] is the better choice wherever one is at hand: it is explicit, it carries
// cancellation, and the signature of a function shows what the function needs. Use this package for
// values that inform (the request id in a log line, the trace, the tenant, the signed-in user) in
// code that no context reaches: callbacks, hooks, models and helpers far below the handler. Do not
// use it for values that control. Where a function has a ctx parameter, the ctx wins.
//
// # What to call
//
//   - [New] declares a storage, as an unexported package-level variable named for its value. Export
//     functions that read it, so that one package decides which code sets it.
//   - [Storage.Run] sets a value for the time of a function call, and [Run] sets several.
//   - [Storage.Get] reads the value. [Storage.Lookup] also says why there is none.
//   - [Go], [WaitGroup.Go] and [AfterFunc] run a function on another goroutine with the caller's
//     values.
//   - [Bind] attaches the caller's values to a function that other code calls later: errgroup's Go,
//     [context.AfterFunc], an event bus, iter.Pull.
//   - [Capture] takes the values as a [Snapshot], for a task, a message or a struct.
//   - [NewContext] puts a snapshot into a context. [Resume] calls a function with it where a
//     library calls back with that context on a goroutine of its own.
//   - [Storage.Exit] hides one storage for the time of a call, and [Isolate] hides all of them.
//
// # Inheritance
//
// A value belongs to the goroutine that set it. All functions called there see it, deferred
// functions and range-over-func bodies among them. Another goroutine sees it only by the functions
// above. They take the values as they are at the call. "Nothing set" travels as well: a function
// bound where nothing is set sees nothing, whichever values its caller has. A goroutine never
// changes the values of its creator.
//
// A plain go statement starts with nothing set. So do library functions that contain one:
// sync.WaitGroup.Go, time.AfterFunc, http.TimeoutHandler, t.Run. [Storage.Lookup] then returns a
// [NotSetError] that names the go statement.
//
// In a program built by github.com/ambient-go/ambient/cmd/ambient the main module's go statements,
// and a reviewed list of others, start with their creator's values. [Propagation] returns
// [Inherited].
//
// # Scopes
//
// When the function given to Run ends, the whole frame from before (the values of all storages) is
// put back: after a return, a panic and a runtime.Goexit. A panic is not recovered.
//
// [Storage.Enter] sets a value without a function to call. The value stays until [Scope.Leave], or
// until the enclosing Run ends, also after the function that called Enter has returned. Prefer Run.
// With Enter, defer the Leave in the same line:
//
//	defer user.Enter("Ada").Leave()
//
// An HTTP/1 connection serves all its requests on one goroutine. A handler that enters and does not
// leave sets the value for the next request too, perhaps that of another user. Package httpctx's
// Middleware around the handler, or [Isolate], ends every Enter inside it.
//
// Values are never compared, hashed or copied deeply. Nil and zero values count as set.
//
// # Concurrency
//
// Any number of goroutines may call all functions and methods at once, except that a [Scope] is
// left on the goroutine that entered it. In the terminology of the Go memory model, setting a value
// is synchronized before every Get that returns it. Memory that a value points to is not guarded.
//
// # Lifetime and cost
//
// A frame is immutable and holds the values that it shows and no others. Open scopes, running
// goroutines, snapshots and bound functions keep their frame alive. A goroutine that exits inside
// its scopes leaves nothing behind.
//
// Get takes no lock and allocates nothing. Run allocates a frame, unless the goroutine has one from
// an earlier scope that it can use again. Go allocates one closure more than a go statement.
//
// The file RULES.md beside the source has every rule in full, the platforms and the limits.
package gls
