// Package registry maps goroutine ids to what the goroutines carry: sharded open addressing with readers that take no
// lock and write no shared memory.
//
// Every goroutine has at most one [Record]. The goroutine itself finds it, mostly by one load from an array that its id
// indexes, changes what it carries with one atomic store, and touches its shard's lock only when the record is added and
// removed, however many scopes it opens between. Two kinds of goroutines do without most of that. After its last scope
// one may leave the record where it is, at rest, for the next one: a connection's goroutine then takes the lock once and
// not for each request. What is at rest holds no value and counts as not there. Nobody learns of a goroutine's exit, so
// a shard keeps few records at rest and evicts them when it runs full: whoever was evicted adds a record again. And one
// that begins with a frame and exits with its function takes a seat (seat.go), for which there is no lock at all.
//
// What a goroutine carries is its own business. The few others that ask, to explain an error or to list all goroutines,
// say so first: until they are done, no seat passes to a goroutine and no frame is used again.
package registry
