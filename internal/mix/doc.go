// Package mix looks for one request's identity in another request's code. A Ledger runs requests
// that each have an identity, compares the identities that their code finds with the request's own,
// and reports at the end the values of ended requests that memory still holds.
//
// The tests in package web run clients and servers of all kinds at once, those in package pools
// libraries that start goroutines. They pass in both builds, with inheritance and without: a value
// may be lost, but never be another request's.
package mix
