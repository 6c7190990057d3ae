// Package silent finds goroutines whose log lines and outgoing requests lose the request without an
// error.
//
// # Analyzer silent
//
// silent: find log lines and outgoing requests that lose the current request
//
// On a goroutine that a plain go statement started, a line logged through httpctx.LogHandler has no
// request_id, and a request sent through httpctx.Transport carries no X-Request-ID and no deadline.
// Nothing fails. In a program that installs LogHandler or Transport the analyzer reports a go
// statement, or a call of time.AfterFunc and its kind, below a handler of HTTP requests whose
// goroutine logs with slog or sends with net/http. If the statement and the installation are in
// different packages of the module, the report stands at the installation. Findings of barego and
// unbound are not repeated. The flag -calls names more functions that log or send:
//
//	-calls=example.com/log.Printf,example.com/billing.Client.Charge
//
//	// WRONG
//	func order(w http.ResponseWriter, r *http.Request) {
//		go slog.Info("charged") // no request_id
//	}
//
//	// RIGHT
//	func order(w http.ResponseWriter, r *http.Request) {
//		httpctx.GoDetached(func() { slog.Info("charged") })
//	}
//
// A line that belongs to no request says so:
//
//	//ambient:detached it counts for all requests
//	go slog.Info("cache is full")
package silent
