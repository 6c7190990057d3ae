// Package registry maps goroutine ids to what the goroutines carry: sharded open addressing with readers that take no
// lock and write no shared memory.
//
// Every goroutine has at most one [Record]. The goroutine itself finds it, changes what it carries with one atomic
// store and touches its shard's lock only when the record is added and removed, however many scopes it opens between.
package registry
