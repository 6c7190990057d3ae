// Package registry maps goroutine ids to what the goroutines carry: sharded open addressing with readers that take no
// lock and write no shared memory.
//
// Every goroutine has at most one [Record]. The goroutine itself finds it, changes what it carries with one atomic
// store and touches its shard's lock only when the record is added and removed, however many scopes it opens between.
// After its last scope it may leave the record where it is, at rest, for the next one: a connection's goroutine then
// takes the lock once and not for each request. What is at rest holds no value and counts as not there. Nobody learns
// of a goroutine's exit, so a shard keeps few records at rest and evicts them when it runs full: whoever was evicted adds
// a record again.
package registry
