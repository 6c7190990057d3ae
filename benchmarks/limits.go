package main

// limits is the end of the report: the costs that this design cannot avoid.
const limits = `## The limit

One Get has to read g (the assembly of goid, which is never inlined: a call), index an array by the id, and follow these
loads, each of which waits for the one before: the record's id and frame, the entry's key and value. Counted by valgrind
--tool=callgrind on Go 1.26.8, amd64, which no noise reaches: Get in a loop executes 67 instructions, 106 on a goroutine
whose slot is another's, context.Value at depth 1 in the same loop 68, a nested Run 295, an outermost Run 361,
context.WithValue and a call 337. goid's call alone takes 1.9 of Get's 4.9 ns, where context.Value takes 6.5.

A Run allocates nothing where the goroutine has a frame to use again, looks its goroutine up as Get does, and changes the
frame twice, each time by an instruction that locks the bus, 3 to 5 ns each here. An outermost Run and gls.Go claim a slot
and free it by two more. Middleware reads the monotonic clock, for Context.Start: 42 ns, a third of what it takes. Beside
a context.WithValue middleware that keeps the start of the request as well (context+start) it takes less. Two processors
share what one could do where the machine gives them to one core: context.Value, which shares nothing, is the measure
(GetParallel).

In a program built by ambient build, Get reads a field of g in place of the id and the record. The runtime's copy notes in
that field when a frame goes to another goroutine, so that a Run uses its frame again there, too.

What was tried and not kept:

- A registry generic over what it holds: Get 16 ns instead of 7, because its hash and lookup were not inlined across
  packages.
- An entry table behind every frame, without one entry in the frame itself: one more load for each Get.
- A plain store of the frame in a nested Run instead of an atomic one, which amd64 would order by itself: 3 ns less each.
  It is a data race by Go's memory model, and whoever lists the goroutines reads it.
- A cache from ids to records, records that rest between outermost Runs, and their eviction: Get 61 instructions and an
  outermost Run with two bus locks instead of four, for twice the code.
- A new frame for each Run: 254 instructions, and 37 ns instead of 23 for a nested one. A frame of 40 bytes instead of 32
  took 5 ns more.
- A record under a lock for each goroutine that gls.Go starts: eleven instructions that lock the bus instead of four, 1.68
  times a plain go statement instead of 1.43 where nothing else runs. What a goroutine is started with taken from a
  sync.Pool instead of a closure: 2 %, for thirty lines.
- Get not inlined, behind a method that checks for nil: 22 instructions more. Get hands a Storage on as its untyped part,
  by its address, so that Get's cost is 79 of the inliner's 80. Loading the storage's key once, before the id: 3 instructions
  more, since it has to be kept over the call.
- Get without the look whether the storage was ever set: 4 instructions less, no time that shows (2.16 s against 2.16 s for
  300 million), and a miss of a storage that nobody sets looks up the goroutine.
- time.Now in Middleware: 69 ns on the machine measured, against 42 ns for the monotonic clock alone, from which the
  wall clock is computed when Start is asked.
`
