package main

// limits is the end of the report: what no version of this design can go below.
const limits = `## The limit

One Get has to read g (the assembly of goid, which is never inlined: a call), hash the id, and follow these loads, each
of which waits for the one before: the shard's table, its slots, the slot's record, the record's frame, the entry's key
and value. Counted by valgrind --tool=callgrind on Go 1.26.8, amd64, which no noise reaches: goid.Get in a loop executes
14 instructions, Get 89, context.Value at depth 1 in the same loop 67, a nested Run 522, context.WithValue and a call 327
(an allocation of 48 bytes in both), an outermost Run 804, Middleware 1667, a context.WithValue middleware 760, gls.Go and
join 836 more than a go statement and join. So a ratio of 0.70 to context.Value at depth 1 would be 47 instructions, 14 of
which are goid's: not to be had by this design. In a program built by ambient build Get executes 55.

An outermost Run takes and gives back its goroutine's place in a shard: eight instructions that lock the bus (two locks,
two unlocks, two stores of the id, two of the frame), 5 to 7 ns each here, where context.WithValue has none. A nested one
has two. Two processors share what one could do where the machine gives them to one core: context.Value, which shares
nothing, is the measure (GetParallel).

What was tried and not kept:

- A registry generic over what it holds: Get 16 ns instead of 7, because its hash and lookup were not inlined across
  packages.
- An entry table behind every frame, without one entry in the frame itself: one more load for each Get.
- A plain store of the frame in a nested Run instead of an atomic one, which amd64 would order by itself: 14 ns less of 54.
  It is a data race by Go's memory model, and whoever lists the goroutines reads it.
- Get not inlined, behind a method that checks for nil: 111 instructions instead of 89. A Storage is the untyped part
  under another name since, so that Get's cost is 79 of the inliner's 80.
- time.Now in Middleware: 69 ns on the machine measured, against 42 ns for the monotonic clock alone, from which the
  wall clock is computed when Start is asked.
`
