// Package glswire names the values of a flow that travel from one process to another, and how each
// is written as text. The adapters for queues, workflows and propagators take such a list. A
// program whose sender and receiver are one process needs none of it.
//
//	var tenant = gls.New[string]("tenant")
//
//	var wires = []glswire.Wire{glswire.Value("tenant", tenant, glswire.String[string]())}
//
// Give the same list to the adapter at both ends. A value that is not in the list does not travel.
// A value that is not set at one end is not set at the other.
//
// # Codecs
//
// [String] is for texts, [Int] for integers of all sizes, [Text] for types that write themselves as
// text (UUIDs, times, addresses), and [JSON] for the others. A custom [Codec] is two functions.
//
// # Trust
//
// Every program that can write to the queue, the topic or the header can send a value. A value that
// informs, such as a request id in a log line, may come from there. A value that decides, such as
// the tenant whose rows are read, is worth as much as the access control of the queue. Where that
// is not enough, leave it out of the list, or write a Codec that signs and verifies.
//
// A text may have [MaxLen] bytes and must be valid UTF-8. A value that breaks this, or that its
// Codec refuses, is dropped as a whole at the end that finds it, and an [Error] says so. A value is
// never cut.
//
// # Writing an adapter
//
// [NewSet] checks a list. [Set.Encode] writes the values of the running flow. [Set.Decode] reads
// those of a message as bindings, for gls.Run and gls.Snapshot.With.
//
// # Concurrency
//
// All functions and methods may be called from any number of goroutines at once, and so may the
// functions of a Codec.
package glswire
