// Package glsdebug serves a live page of the goroutines that carry values of package gls, in the
// manner of net/http/pprof:
//
//	mux.Handle("/debug/ambient/", glsdebug.Handler())
//
// The page shows for each goroutine its id, its age, the storages that are set (name and type), its
// creator and the line that started it, and its stack on a click. Goroutines of one request stand
// together, below the request, its keys (see httpctx.Key) and the storages that are set on all of
// them. The list can be filtered and sorted; it refreshes itself every two seconds until it is
// paused. It works at any path, below http.StripPrefix too, and without JavaScript.
//
// # Who may read it
//
// By default the page is served to clients on the same machine that no proxy stands in front of, as
// far as a request tells. The peer has a loopback address. The Host header is a loopback name or
// address: a page that a browser loaded from elsewhere cannot reach it by rebinding its own name.
// No header says that a proxy passed the request on: Forwarded, Via, X-Forwarded-*, X-Real-Ip,
// X-Client-Ip, X-Envoy-* and their like. The request is not one of HTTP/1.0 and has no "Connection:
// close", as nginx's are behind a proxy_pass without more. Other requests get 403 and a text that
// says how to change that.
//
// Some proxies cannot be told: a proxy on the same machine that speaks HTTP/1.1, keeps its
// connections, adds no header, and sends a Host that is a loopback name, be it that of the server
// behind it or one that its client has chosen. The program takes it for a local client, and every
// client of the proxy reads the page. Among them are httputil.ReverseProxy with a Rewrite that
// calls SetURL alone, nginx with keepalive to the server behind it (which newer releases have by
// default), HAProxy without forwardfor, and programs that pass on bytes: socat, stunnel, ssh -R, a
// tunnel, a sidecar. If one of these stands in front, or may one day, ask for a token by
// [WithToken], which the program prints or logs, or serve the page on a listener of its own, on a
// loopback port that nothing passes on to:
//
//	listener, err := net.Listen("tcp", "127.0.0.1:6060")
//	...
//	go http.Serve(listener, glsdebug.Handler())
//
// [WithAccess] is for programs that know their administrators.
//
// # What it shows
//
// Of a request the page shows the attributes that httpctx.Context logs, without headers and bodies.
// Of all other values, of storages and of a request's keys, it shows the type and nothing more,
// unless the program says [WithValues]. Then it shows a value whose type implements
// [slog.LogValuer], as its LogValue returns it: numbers, strings, times and groups of them. Of
// anything else that LogValue returns it shows the type.
//
// LogValue is called on another goroutine than the one that carries the value, which goes on
// meanwhile, and must be safe for that. WithValues is a promise that all are: a LogValue that reads
// a map which its goroutine writes ends the program. A LogValue that panics or takes longer than 50
// ms spoils its own cell. While it runs, LogValue of the same type is not called for other values.
//
// A goroutine on which an httpctx.Context is set belongs to a request. With WithValues so does a
// goroutine with any value that has LogValue, ID, Start and Finished methods like those. In the
// JSON its age is the request's. Other goroutines, and on the page all, are as old as the page
// knows: since gls started them, if the page was open at the time, or since the page first saw
// them.
//
// # Losses
//
// While the page is open, and for 30 seconds after each look, it counts losses: each Get, log line
// of a LogHandler and request of a Transport that finds nothing on a goroutine that a plain go
// statement started while its creator had the value, and has it still. The page lists the go
// statements with the storages. If the creator no longer has the value when it is missed, the loss
// is not counted. If the page does not look at the creator's stack, it may count a value that the
// creator set after the go statement. glstest.NoLosses does the same for a test, and looks each
// time.
//
// # What it costs
//
// While no page is open the package costs nothing. The list is read from the records that gls keeps
// of goroutines, without a lock that a goroutine could wait for. For 30 seconds after each look
// gls.Go, WaitGroup.Go, Snapshot.Go and AfterFunc note where they were called, which takes them
// about a microsecond. A Get that finds nothing looks for its goroutine's creator, which takes one
// microsecond, and ten the first time on a goroutine.
//
// Only the text of runtime.Stack tells who started the other goroutines. The runtime stops the
// program while it writes the text: 3 to 14 microseconds for each goroutine that there is. An
// origin never changes, so the page asks for this text only if it has goroutines that it does not
// know yet, if there are at most 2000 goroutines, and for not more than 2 % of the time. With more
// goroutines the page says that it did not ask, and offers to. A stack on a click asks for the same
// text. Both stop the program for one client at a time, for a tenth of the time at most, and only
// if there are at most 10,000 goroutines. A client that asks for a stack in vain gets 503 and the
// reason, with Retry-After where that helps, and the list has a note.
//
// # JSON
//
// With ?format=json the answer is an object. Fields are added in later versions, none is removed:
//
//	{
//	  "time": "2026-01-02T15:04:05.123456789Z",
//	  "program": "blog", "pid": 4711, "go": "go1.26.8", "propagation": "explicit",
//	  "totals": {
//	    "goroutines": 120,   // all that the program has
//	    "carrying": 14,      // those that carry a value
//	    "matching": 14,      // those of them that the filter lets pass
//	    "shown": 14,         // the length of the list below
//	    "requests": 3,       // requests in progress that they belong to
//	    "unknown_origins": 0 // those of the list whose creator is not known
//	  },
//	  "storages": [{"name": "httpctx", "type": "*httpctx.Context", "goroutines": 14}],
//	  "losses": [{"storage": "httpctx", "type": "*httpctx.Context", "count": 3, "last": "2026-01-02T15:04:05Z",
//	    "function": "main.show", "position": "/src/main.go:42",  // the go statement
//	    "read": "main.show.func1", "read_position": "/src/main.go:43"}],  // first; absent where it is not known
//	  "requests": [{"id": "4bf9", …, "goroutines": [34, 35]}],  // those of the list, as below, with their goroutines
//	  "goroutines": [{
//	    "id": 34,
//	    "age_seconds": 0.25,
//	    "age_of": "request",  // or "goroutine", or "seen": at least that old
//	    "request": {"id": "4bf9", "method": "GET", "path": "/posts/1", "pattern": "GET /posts/{id}",
//	      "start": "2026-01-02T15:04:04.873Z", "age_seconds": 0.25, "finished": false,
//	      "keys": [{"name": "user", "type": "*session.User", "value": "ada"}]},  // absent without a request, or keys
//	    "storages": [{"name": "httpctx", "type": "*httpctx.Context",
//	      "value": {"request_id": "4bf9", "method": "GET"}}],  // no value where the type alone is shown
//	    "started": {"by": 33, "function": "main.show", "position": "/src/main.go:42",
//	      "runs": "main.show.func1", "runs_position": "/src/main.go:43"},  // absent while unknown
//	    "exited": false,  // true: it called Enter outside of any scope and has exited
//	    "this_request": false  // true of the goroutine that answers
//	  }],
//	  "note": "another client has the runtime asked: one at a time"  // why origins=1 was in vain; absent otherwise
//	}
//
// For a goroutine of gls.Go, "function" is the caller of gls.Go. On platforms other than amd64 and
// arm64 it is so only if the goroutine started while the page was open; otherwise it is gls.Go. The
// function "runs" is the program's own function on the goroutine. "by" is 0 for the main goroutine
// and for those that the runtime starts.
//
// With ?stack=ID&format=json it is {"id": 34, "state": "chan receive", "started": {…}, "stack":
// [{"function": "main.show.func1", "position": "/src/main.go:44"}]}, 404 when there is no such
// goroutine, or 503. Errors are objects with an "error".
//
// The other parameters are q (a text that the row contains), sort (age, id, request, started or
// storages, with a - in front for the reverse order), limit (rows in the list; 1000 for the page,
// all for JSON, 0 for all) and origins=1 (ask the runtime for unknown origins, with up to 10,000
// goroutines).
package glsdebug
