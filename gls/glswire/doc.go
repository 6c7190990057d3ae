// Package glswire names the values of a flow that travel from one process to another, and how each is written: what the
// adapters for queues, workflows and propagators share. A program that has both ends in one process needs none of it.
//
//	var tenant = gls.New[string]("tenant")
//
//	var wires = []glswire.Wire{glswire.Value("tenant", tenant, glswire.String[string]())}
//
// Such a list is given to an adapter at both ends. What is not named does not travel, and what is not set is not set at
// the other end either.
//
// # Codecs
//
// [String] is for texts, [Int] for integers of all sizes, [Text] for types that write themselves as text (UUIDs, times,
// addresses), and [JSON] for the others. A [Codec] of one's own is two functions.
//
// # Trust
//
// Whatever arrives was written by whoever can write to the queue, the topic or the header. A value that informs, such as
// a request id in a log line, may come from there. One that decides, such as the tenant whose rows are read, is worth as
// much as the access control of the queue; where that is not enough, leave it out of the list, or write a Codec that
// signs and verifies.
//
// A text may have [MaxLen] bytes and must be valid UTF-8. A value that breaks this, or that its Codec refuses, is dropped
// as a whole at the end that finds it, and an [Error] says so. It is never cut.
//
// # Writing an adapter
//
// [NewSet] checks a list; [Set.Encode] writes the values of the running flow, and [Set.Decode] reads those of a message
// as bindings, for gls.Run and gls.Snapshot.With.
//
// # Concurrency
//
// All functions and methods may be called from any number of goroutines at once, and the functions of a Codec are.
package glswire
