package main

// limits is the end of the report: what no version of this design can go below.
const limits = `## The limit

One Get has to read g (the assembly of goid, which is never inlined: a call), hash the id, and follow these loads, each
of which waits for the one before: the shard's table, its slots, the slot's record, the record's frame, the entry's key
and value. Counted by valgrind --tool=callgrind on Go 1.26.8, amd64, which no noise reaches: goid.Get in a loop executes
14 instructions, Get 89, context.Value at depth 1 in the same loop 67, a nested Run 493, context.WithValue and a call 326
(of which 254 allocate, in both: 32 bytes and 48), an outermost Run 525, Middleware 1443, a context.WithValue middleware
758, gls.Go and join 720 more than a go statement and join. So a ratio of 0.70 to context.Value at depth 1 would be 47
instructions, 14 of which are goid's: not to be had by this design. In a program built by ambient build Get executes 56.

A Run allocates as context.WithValue does, looks its goroutine up as Get does, and changes the frame twice, each time by
an instruction that locks the bus, 3 ns each here: that is 9 to 12 ns on top of 25. A goroutine's record rests between its
outermost Runs; the first takes and gives back a place in a shard, and so does every gls.Go: nine such instructions, and
the closure that carries the frame. Middleware reads the monotonic clock, for Context.Start: 42 ns. Beside a
context.WithValue middleware that keeps the start of the request as well (context+start) it takes as long or less. Two
processors share what one could do where the machine gives them to one core: context.Value, which shares nothing, is the
measure (GetParallel).

What was tried and not kept:

- A registry generic over what it holds: Get 16 ns instead of 7, because its hash and lookup were not inlined across
  packages.
- An entry table behind every frame, without one entry in the frame itself: one more load for each Get.
- A plain store of the frame in a nested Run instead of an atomic one, which amd64 would order by itself: 3 ns less each.
  It is a data race by Go's memory model, and whoever lists the goroutines reads it.
- Giving a goroutine's place back after each outermost Run: eight instructions that lock the bus instead of two, 90 ns
  instead of 55. Leaving it in a dense table: a new goroutine's Get took 6.4 ns instead of 4, because its slot was taken.
- A frame of 40 bytes, with the Enter that bound its value in it: 5 ns more for each Run than one of 32.
- Get not inlined, behind a method that checks for nil: 111 instructions instead of 89. A Storage is the untyped part
  under another name since, so that Get's cost is 79 of the inliner's 80.
- time.Now in Middleware: 69 ns on the machine measured, against 42 ns for the monotonic clock alone, from which the
  wall clock is computed when Start is asked.
`
