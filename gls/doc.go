// Package gls gives a value to a flow of work: it is set once and read anywhere in the code that the flow runs, on its
// goroutine and on those it starts with [Go], without a parameter passed from function to function.
//
// A [context.Context] is the better choice wherever one is at hand: it is explicit, every Go programmer knows it, it
// carries cancellation, and what a function needs stands in its signature. Use this package for what informs (the
// request id in a log line, the trace, the tenant, the signed-in user) in code that no context reaches: callbacks and
// hooks whose signature is someone else's, models and helpers far below the handler. Do not use it for what controls.
// Where a function has a ctx parameter, that one wins.
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
// # Inheritance
//
// A value belongs to the goroutine that set it. It travels in these ways, and in these only:
//
//   - Functions called on the same goroutine see it: deferred functions, methods, range-over-func bodies, sync.Once
//     functions, HTTP redirect policies, template functions and JSON marshalers among them.
//   - [Go] starts a goroutine with the caller's values, as they are at the call.
//   - [WaitGroup.Go] and [AfterFunc] do the same for their counterparts in sync and time.
//   - [Bind] attaches them to a function that something else will call: [context.AfterFunc], errgroup's Go, an event
//     bus, iter.Pull.
//   - [Capture] takes them as a [Snapshot], to be put into a task, a message or a struct and run on any goroutine later.
//   - [NewContext] puts a snapshot into a [context.Context], and [Resume] runs with the one that a ctx carries.
//   - A plain go statement starts with nothing set. So does whatever contains one: sync.WaitGroup.Go, time.AfterFunc,
//     http.TimeoutHandler, t.Run. [Storage.Lookup] then returns a [NotSetError] that names the go statement.
//
// A program built by ambient build (see below) has one way more: every go statement.
//
// What a goroutine sets is never seen by the one that started it. "Nothing set" travels as well: a function bound where
// nothing is set sees nothing, whoever calls it.
//
// # Frames in a context
//
// Much code is handed a ctx on a goroutine that somebody else started: interceptors, resolvers, activities, consumers,
// the inside of http.TimeoutHandler. There the frame is lost while the ctx is at hand. [NewContext] puts a snapshot into
// a context, and [Resume] runs a function with the snapshot that its ctx carries, wherever that has got to:
//
//	ctx = gls.NewContext(ctx, gls.Capture()) // where the flow is known
//
//	gls.Resume(ctx, func() { … })            // where a library calls back with ctx, or one derived from it
//
// Where ctx carries none, Resume leaves the caller's values in force; it sets the ambient context in either case.
//
// A frame belongs in a ctx that passes through code which keeps the ctx and changes the goroutine, and at the edge of
// such code: once for a request, a message or a call. It does not belong in every ctx: [Go], [Bind] and [Capture] need
// none, and a function of one's own that takes a ctx and needs one value has a parameter for it. Nor does it belong in a
// ctx that serves many (a server's base context, a pool's, a client's), for whoever resumes that one gets the values of
// whoever made it, and they live as long as it does. A ctx crosses no process: what goes over the wire is set anew.
//
// # Scopes
//
// [Storage.Run] sets a value for the time of a function call and then puts back the whole frame (the values of all
// storages) from before: after a return, a panic and a runtime.Goexit, by a deferred call and without recovering
// anything. [Storage.Exit] hides one storage for the time of a call, [Isolate] hides all, [Run] sets several at once.
//
// [Storage.Enter] sets a value without a function to call. It is state of the goroutine: the value stays until
// [Scope.Leave], or until the enclosing Run ends, also after the function that called Enter has returned. Prefer Run;
// with Enter, defer the Leave in the same line:
//
//	defer user.Enter("Ada").Leave()
//
// Values are never compared, hashed or copied deeply: nil, NaN, zero values and a value equal to the default all count
// as set, and what a pointer points to is shared with every goroutine that has it.
//
// # Lifetime
//
// Frames are immutable. A frame holds the values that it shows and no other, neither those it replaced nor those of the
// goroutines that led to it, and is held by: the scopes it is in force in, the goroutines started with it for as long
// as they run, and the snapshots and bound functions that captured it. When these are gone the values are garbage.
//
// A goroutine that exits inside its scopes leaves nothing behind, because scopes end by defer. One that has called
// Enter outside of any scope, and exits without Leave, leaves an entry: it is found and dropped, at the latest when
// some hundred such entries have come together (or half as many as there are goroutines), usually at the next garbage
// collection. No other goroutine ever sees it: goroutine ids are not reused.
//
// Some goroutines run one piece of work after the other, and an Enter without Leave in one piece is seen by the next. That
// of an HTTP/1 connection is the commonest: what a handler enters is set for the next request on it, which may be another
// user's. Callbacks from C, finalizers and cleanups run on such goroutines too. Use Run there, not Enter; or put package
// httpctx's Middleware, or [Isolate], around the handler once, and whatever it leaves open ends with it:
//
//	func(w http.ResponseWriter, r *http.Request) { gls.Isolate(func() { next.ServeHTTP(w, r) }) }
//
// [Storage.Disable] ends a storage's value everywhere at once. It is not needed for collection.
//
// # Concurrency
//
// All functions and methods may be called from any number of goroutines at once, except that a [Scope] is left on the
// goroutine that entered it. In the terminology of the Go memory model, setting a value is synchronized before every
// Get that returns it, through the go statement or the call that carried the frame. What the value points to is not
// guarded: goroutines that share it need a lock of their own if one of them writes.
//
// # Cost
//
// Get takes no lock, allocates nothing and writes no memory that another goroutine reads, whether it finds a value or
// not. Capture copies a pointer. Run allocates a frame, unless the goroutine has one from a scope that has ended and that
// nobody kept, by Capture, Go, Bind or Enter, say: then that one is emptied and used again, so that a goroutine that runs
// one scope after the other allocates nothing. Enter allocates a frame, and more inside an Enter of the same storage. A
// value that is no pointer may take another allocation, as any conversion to an interface does. A Run that nests in no
// other takes a lock at its start and end where some thousands of goroutines are in one at a time, and no lock otherwise.
// Go allocates a closure more than a go statement, and nothing more where nothing is set. Building a NotSetError reads the
// stack and takes microseconds. Make bench in the repository measures this beside context.Context.
//
// # Supported platforms
//
// The id of the running goroutine comes from github.com/petermattis/goid, which reads it from the runtime's own
// structure on 386, amd64, arm, arm64 and s390x. Every start of the program compares it with the id that runtime.Stack
// prints, on several goroutines; if it differs (because a new Go release has moved the field) and on all other
// platforms, the id is taken from that text: about a microsecond, and never wrong.
//
// The package leaves pprof labels, the profiler and runtime/trace alone, and is tested with the race detector. The
// goroutine leak profile of Go 1.26 and later does not find a goroutine that waits for ever on something that only its
// own frame holds: the frame in force on a goroutine is reachable for others, who list goroutines and explain errors,
// and a reference that the collector did not see would let them meet memory that is used for something else.
//
// A debugger that calls a function on behalf of a stopped goroutine runs it on a goroutine of its own (runtime,
// debugCallWrap), where nothing is set: look at a value that the program has read, or at the page of package glsdebug. In
// a build with inheritance the call sees what the stopped goroutine does, if that is in code of the main module.
//
// # Building with inheritance
//
// The command github.com/ambient-go/ambient/cmd/ambient builds programs in which each goroutine carries its frame itself
// and a new one may start with its creator's: ambient build, run, test and install run the go command with an overlay of
// the installed Go release's own runtime. [Propagation] returns [Inherited] there, Get needs no goroutine id, an Enter
// that is never left goes with its goroutine, and all else is as it is described here, but for plain go statements.
//
// What belongs to its creator and ends with it inherits: every go statement of the main module and of the modules of its
// workspace; of the standard library and of other modules those of a reviewed list, such as sync.WaitGroup.Go, errgroup
// and t.Run, where their callers do; [time.AfterFunc] and [context.AfterFunc] where a go statement would. Every other go
// statement starts with nothing, and so do finalizers, cleanups and threads of C.
//
// A goroutine that inherited and then receives a value from a channel, or is woken by a [sync.Cond], may work for others.
// Once the scope has ended that it inherited from, it reads nothing of it: [NotSetError.Ended] is true. A value without a
// size is a signal and no task, and so is the value of a timer that fires once, unless the goroutine goes on to receive
// more of them. A worker that gets its tasks otherwise, from a connection or by looking now and then, keeps what it
// inherited: start workers in [Isolate]. The README has a table of what travels by what.
//
// # Naming
//
// Declare a storage as an unexported package-level variable named for its value and export functions that read it, so
// that who may set it is decided in one package:
//
//	package session
//
//	var user = gls.New[*User]("session.user")
//
//	func CurrentUser() (*User, bool) { return user.Get() }
//
// The name is for error texts. There is no way to list storages or values: whoever holds the *Storage can read it.
package gls
