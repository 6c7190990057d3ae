// Package mix looks for one request's identity in another's code. A Ledger runs requests that each have one, compares
// what code of a request finds with whose it is, and tells at the end what is still kept of requests that are over.
//
// The tests are in package web, clients and servers of all kinds at once, and in package pools, libraries that start
// goroutines. They pass in both builds, with inheritance and without: a value may be lost, never another's.
package mix
