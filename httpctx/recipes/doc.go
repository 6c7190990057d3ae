// Package recipes stands for the folders below it: each is what a framework needs to work with httpctx, in a few lines
// to copy, and its test on the real framework under load. They are no packages to import: a recipe is yours to change.
//
// A recipe is needed where a router keeps what it has matched in a context of its own or routes a copy of the request.
// It writes the parameters and the pattern where net/http has them, into the request that reaches the handler, and
// begins a request of httpctx for that one. It stands behind what replaces the request or its context (tracing,
// authentication), and before what reads the current request. A httpctx.Middleware further out is welcome: the inner
// one shares its id, start and keys, and lets it know the route when it has returned.
package recipes
