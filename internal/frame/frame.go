package frame

import "github.com/ambient-go/ambient/internal/ambient"

// A Frame is the immutable set of all values bound on a goroutine at one moment. Nil is the frame
// with nothing set. Scopes, snapshots and goroutines share a frame by its pointer. There is one
// exception to immutable: when a scope has ended and only its goroutine has the frame's pointer,
// the frame is emptied and filled again for the next scope. In between it is called a spare. The
// caller of Empty makes sure that no other goroutine has the pointer (DESIGN.md says how).
//
// A frame holds one entry itself and the others in an open-addressed table whose size is a power of
// two and which may be full. A storage's key says where a search begins. Storages are numbered as
// they are first set, so those of one program rarely share a place. A new frame is a copy with one
// entry changed. It keeps no replaced value alive, so a long-lived child keeps none either.
//
// It is tempting to link each binding to the previous one instead, as context.WithValue does. Get
// then walks past every storage set since, and each child keeps all values that its ancestors ever
// set.
type Frame struct {
	first Binding // empty only in a spare
	more  *more   // nil if first is the only entry, a Run bound it, and no room was asked for
}

// more is apart from the frame so that a frame of one value takes 32 bytes: allocating the frame is
// most of the cost of a Run.
type more struct {
	entered *Enter  // the Enter that bound first, nil when a Run did
	entries []Entry // the table, empty without others
}

// A Binding is one storage and its value. A Binding with a nil Key is empty.
type Binding struct {
	Key   *Key
	Value any // a T of the storage as it is: pointers need no box, nil interfaces are nil
}

// An Entry is a binding in a frame.
type Entry struct {
	Binding

	// Entered is the Enter that bound the value, nil when a Run did.
	Entered *Enter
}

// First returns the binding that the frame holds itself: the only one in a frame of one. Its key is
// not nil, and f is not nil.
func (f *Frame) First() *Binding { return &f.first }

// Find returns the binding with that key, or nil.
func (f *Frame) Find(k *Key) *Binding {
	if f == nil {
		return nil
	}
	if f.first.Key == k {
		return &f.first
	}
	return f.Other(k)
}

// Other is Find for a frame that is not nil and whose first binding has another key. Most searches
// end at the first place. It is on the path of Get, inlined there.
func (f *Frame) Other(k *Key) *Binding {
	if f.more == nil {
		return nil
	}
	rest := f.more.entries
	for i := range rest {
		switch e := &rest[(int(k.index)+i)&(len(rest)-1)]; e.Key {
		case k:
			return &e.Binding
		case nil:
			return nil
		}
	}
	return nil
}

// others returns the table's slots.
func (f *Frame) others() []Entry {
	if f.more == nil {
		return nil
	}
	return f.more.entries
}

// isFirst reports whether the entry of k's storage belongs in the frame itself. An entry that
// Disable has ended has the same storage under another key, and is replaced all the same.
func (f *Frame) isFirst(k *Key) bool { return f.first.Key == nil || f.first.Key.Storage == k.Storage }

// slot returns the table's place for k's storage, which is not the first. Nil means that the table
// is full.
func (f *Frame) slot(k *Key) *Entry {
	rest := f.others()
	for i := range rest {
		e := &rest[(int(k.index)+i)&(len(rest)-1)]
		if e.Key == nil || e.Key.Storage == k.Storage {
			return e
		}
	}
	return nil
}

// head returns the first entry.
func (f *Frame) head() Entry {
	if f.more == nil {
		return Entry{Binding: f.first}
	}
	return Entry{f.first, f.more.entered}
}

// Of returns the entry of k's storage, disabled or not; the zero Entry when there is none.
func (f *Frame) Of(k *Key) Entry {
	if f == nil {
		return Entry{}
	}
	if f.isFirst(k) {
		return f.head()
	}
	if e := f.slot(k); e != nil {
		return *e
	}
	return Entry{}
}

// With returns a copy of the frame with b in place of another binding of the same storage. The copy
// may be the spare, if that is not nil.
func (f *Frame) With(b Binding, spare *Frame) *Frame {
	if f == nil || f.more == nil && f.first.Key.Storage == b.Key.Storage {
		next := spare
		if next == nil || next.more != nil {
			next = new(Frame)
		}
		next.first = b
		return next
	}
	return f.withEntry(Entry{Binding: b}, spare)
}

// WithEntry is With for an entry, without a spare.
func (f *Frame) WithEntry(e Entry) *Frame { return f.withEntry(e, nil) }

func (f *Frame) withEntry(e Entry, spare *Frame) *Frame {
	switch {
	case f == nil, f.isFirst(e.Key) && len(f.others()) == 0:
		return alone(e)
	case f.more == nil: // two are common
		next := newFrame(2, spare)
		next.first = f.first
		*next.slot(e.Key) = e
		return next
	case !f.isFirst(e.Key) && f.slot(e.Key) == nil:
		next := f.grown(2+2*len(f.others()), spare)
		next.Put(e)
		return next
	}
	next := newFrame(1+len(f.others()), spare)
	next.first = f.first
	next.more.entered = f.more.entered
	copy(next.more.entries, f.more.entries)
	next.Put(e)
	return next
}

// Without returns a frame without an entry for k's storage: f itself if it has none, nil if it has
// no other.
func (f *Frame) Without(k *Key) *Frame {
	if f == nil || f.Of(k).Key == nil {
		return f
	}
	left := f.Len() - 1
	if left == 0 {
		return nil
	}
	var next *Frame
	if left > 1 {
		next = newFrame(left, nil)
	}
	for e := range f.entries {
		switch {
		case e.Key.Storage == k.Storage:
		case left == 1:
			return alone(e)
		default:
			next.Put(e)
		}
	}
	return next
}

// Copy returns a frame with the same entries and room for n more, for Put. The copy may be the
// spare, if that is not nil.
func (f *Frame) Copy(n int, spare *Frame) *Frame {
	if f == nil {
		return newFrame(n, spare)
	}
	return f.grown(f.Len()+n, spare)
}

// Bind is Put of a binding that no Enter made. If the value is an ambient.Adder and the storage is
// set, Bind adds it to the value in the frame.
func (f *Frame) Bind(b Binding) {
	if b.Key.adds {
		if before := f.Find(b.Key); before != nil {
			b.Value = b.Value.(ambient.Adder).AddTo(before.Value.(ambient.Adder))
		}
	}
	if f.first.Key == nil {
		f.first = b
		return
	}
	f.Put(Entry{Binding: b})
}

// Put sets e in f, in place of another entry of the same storage. Only the caller has f yet, and
// Copy made room.
func (f *Frame) Put(e Entry) {
	if !f.isFirst(e.Key) {
		*f.slot(e.Key) = e
		return
	}
	f.first = e.Binding
	if f.more != nil {
		f.more.entered = e.Entered
	} else if e.Entered != nil {
		f.more = &more{entered: e.Entered}
	}
}

// Empty removes all entries from a frame of With or Copy that only the caller has, and reports
// true. It leaves a large frame as it is and reports false: large spares are not worth their
// memory.
func (f *Frame) Empty() bool {
	if f.more != nil && len(f.more.entries) > maxSpare {
		return false
	}
	f.first = Binding{}
	if f.more == nil {
		return true
	}
	f.more.entered = nil
	if len(f.more.entries) == 1 {
		f.more.entries[0] = Entry{} // clear would take three calls
		return true
	}
	clear(f.more.entries)
	return true
}

// All returns the entries that a Get would find.
func (f *Frame) All() []Entry {
	var all []Entry
	for e := range f.entries {
		if e.Key == e.Key.Storage.Key() {
			all = append(all, e)
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

// grown returns a frame with the same entries and room for n entries.
func (f *Frame) grown(n int, spare *Frame) *Frame {
	next := newFrame(n, spare)
	for e := range f.entries {
		next.Put(e)
	}
	return next
}

// entries yields the entries of f.
func (f *Frame) entries(yield func(Entry) bool) {
	if f == nil || !yield(f.head()) {
		return
	}
	for _, e := range f.others() {
		if e.Key != nil && !yield(e) {
			return
		}
	}
}
