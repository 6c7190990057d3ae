package main

// limits is the end of the report: what no version of this design can go below.
const limits = `## The limit

One Get has to read g (the assembly of goid, which is never inlined: a call), hash the id, and follow these loads, each
of which waits for the one before: the shard's table, its slots, the slot's record, the record's frame, the entry's key
and value.

`
