// Package frame holds the values of all storages at one moment, and the identities of storages and
// Enters in them. It is data: package carrier knows which frame is in force on which goroutine, and
// package gls defines scopes.
package frame
