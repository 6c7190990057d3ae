// Package registry maps goroutine ids to the frames that are in force on the goroutines. Its
// readers take no lock and write no shared memory.
//
// Every goroutine with a frame has one [Record]. It finds the record by its id in a fixed array of
// slots, at the id modulo the number of slots. If another goroutine has the slot's own record, the
// record is in the slot's table. A goroutine claims the slot's own record for the length of a scope
// by one compare-and-swap and releases it by two stores (registry.go). For a record in the table it
// takes the slot's lock (slot.go, table.go). Values that do not end with a scope are always in a
// table.
//
// Only its goroutine changes a record's frame, with one atomic store. Other goroutines may inspect
// frames between Pin and Unpin; meanwhile no slot is claimed and no frame is used again
// (inspect.go).
package registry
