// Package frame is the values of all storages at one moment, and what identifies a storage and an Enter in them. It is
// data: which frame is in force where is carrier's business, and what scopes mean is that of gls.
package frame
