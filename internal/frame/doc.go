// Package frame holds the values of all storages at one moment, and what identifies a storage and an
// Enter in them. It is data: package carrier knows which frame is in force where, and package gls what
// a scope is.
package frame
