package frame

// A Frame is the immutable set of all values bound on a goroutine at one moment. Nil is the frame with nothing set.
// Frames are shared freely: a scope, a snapshot and a child's first frame are one pointer to the same one.
//
// One entry stands in the frame itself, the others in an open-addressed table of a power of two, full up to the last
// slot, in which a storage's key says where to look first. Storages are numbered as they are first set, so those of one
// program rarely share a slot. A new frame is a copy with one entry changed; it holds nothing of the frame it was copied
// from that it does not show, so a child that lives long keeps no replaced value alive.
//
// It is tempting to link each binding to the one before instead, as context.WithValue does. Get then walks past every
// storage set since, and each child keeps all that its ancestors ever set.
type Frame struct {
	first Entry  // never empty
	rest  *table // nil where there is no other
}

// A table is apart from the frame so that a frame with one entry takes 40 bytes.
type table struct {
	entries []Entry
}

// An Entry is the value of one storage. An Entry with a nil Key is empty.
type Entry struct {
	Key   *Key
	Value any // a T of the storage as it is: pointers need no box, nil interfaces are nil

	// Entered is the Enter that bound the value, nil when a Run did.
	Entered *Enter
}

// First returns the entry in which a frame with one entry has it. f is not nil.
func (f *Frame) First() *Entry { return &f.first }

// Find returns the entry with that key, or nil. It is on the path of Get, inlined there.
func (f *Frame) Find(k *Key) *Entry {
	if f == nil {
		return nil
	}
	if f.first.Key == k {
		return &f.first
	}
	return f.Other(k)
}

// Other is Find for a frame that is not nil and whose first entry has another key. Most entries lie where the storage's
// key says.
func (f *Frame) Other(k *Key) *Entry {
	if f.rest == nil {
		return nil
	}
	rest := f.rest.entries
	e := &rest[int(k.index)&(len(rest)-1)]
	for i := 0; e.Key != k; e = &rest[(int(k.index)+i)&(len(rest)-1)] {
		if i++; e.Key == nil || i == len(rest) {
			return nil
		}
	}
	return e
}

// others returns the table's slots.
func (f *Frame) others() []Entry {
	if f.rest == nil {
		return nil
	}
	return f.rest.entries
}

// place returns where the entry of k's storage is or belongs in an unpublished frame: disabled or not, an entry of the
// same storage is its predecessor. Nil means that the frame is full.
func (f *Frame) place(k *Key) *Entry {
	if f.first.Key == nil || f.first.Key.Storage == k.Storage {
		return &f.first
	}
	rest := f.others()
	for i := range rest {
		e := &rest[(int(k.index)+i)&(len(rest)-1)]
		if e.Key == nil || e.Key.Storage == k.Storage {
			return e
		}
	}
	return nil
}

// Of returns the entry of k's storage, disabled or not; the zero Entry when there is none.
func (f *Frame) Of(k *Key) Entry {
	if f != nil {
		if e := f.place(k); e != nil {
			return *e
		}
	}
	return Entry{}
}

// With returns a frame in which e stands for its storage.
func (f *Frame) With(e Entry) *Frame {
	if f == nil || f.rest == nil && f.first.Key.Storage == e.Key.Storage {
		return &Frame{first: e}
	}
	if f.place(e.Key) == nil {
		next := f.grown(2 + 2*len(f.others()))
		next.Put(e)
		return next
	}
	next := newFrame(1 + len(f.others()))
	next.first = f.first
	copy(next.others(), f.others())
	next.Put(e)
	return next
}

// Without returns a frame without an entry for k's storage: f itself if it has none, nil if it has no other.
func (f *Frame) Without(k *Key) *Frame {
	if f == nil || f.Of(k).Key == nil {
		return f
	}
	left := f.Len() - 1
	if left == 0 {
		return nil
	}
	next := newFrame(left)
	for e := range f.entries {
		if e.Key.Storage != k.Storage {
			*next.place(e.Key) = *e
		}
	}
	return next
}

// Copy returns a frame with the same entries and room for n more, for Put.
func (f *Frame) Copy(n int) *Frame {
	if f == nil {
		return newFrame(n)
	}
	return f.grown(f.Len() + n)
}

// Put makes e stand for its storage in f, which no one else has seen yet and which Copy gave room for it.
func (f *Frame) Put(e Entry) { *f.place(e.Key) = e }

// All returns the entries that a Get would find.
func (f *Frame) All() []Entry {
	var all []Entry
	for e := range f.entries {
		if e.Key == e.Key.Storage.Key() {
			all = append(all, *e)
		}
	}
	return all
}

// Len returns the number of entries.
func (f *Frame) Len() int {
	n := 0
	for range f.entries {
		n++
	}
	return n
}

// grown returns a frame with the same entries and room for that many.
func (f *Frame) grown(n int) *Frame {
	next := newFrame(n)
	for e := range f.entries {
		*next.place(e.Key) = *e
	}
	return next
}

// entries yields the entries of f.
func (f *Frame) entries(yield func(*Entry) bool) {
	if f == nil || !yield(&f.first) {
		return
	}
	rest := f.others()
	for i := range rest {
		if e := &rest[i]; e.Key != nil && !yield(e) {
			return
		}
	}
}
