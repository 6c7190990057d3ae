package frame

// A Frame is the immutable set of all values bound on a goroutine at one moment. Nil is the frame with nothing set.
// Frames are shared freely: a scope, a snapshot and a child's first frame are one pointer to the same one.
//
// Its entries form an open-addressed table of a power of two, full up to the last slot, in which a storage's key says
// where to look first. Storages are numbered as they are first set, so those of one program rarely share a slot. A new
// frame is a copy with one entry changed; it holds nothing of the frame it was copied from that it does not show, so a
// child that lives long keeps no replaced value alive.
//
// It is tempting to link each binding to the one before instead, as context.WithValue does. Get then walks past every
// storage set since, and each child keeps all that its ancestors ever set.
type Frame struct {
	entries []Entry
}

// An Entry is the value of one storage. An Entry with a nil Key is empty.
type Entry struct {
	Key   *Key
	Value any // a T of the storage as it is: pointers need no box, nil interfaces are nil

	// Entered is the Enter that bound the value, nil when a Run did.
	Entered *Enter
}

// Find returns the entry with that key, or nil. It is the path of Get.
func (f *Frame) Find(k *Key) *Entry {
	if f == nil {
		return nil
	}
	mask := uint32(len(f.entries) - 1)
	i := k.index & mask
	for range f.entries {
		e := &f.entries[i]
		if e.Key == k {
			return e
		}
		if e.Key == nil {
			return nil
		}
		i = (i + 1) & mask
	}
	return nil
}

// slot returns where the entry of k's storage is or belongs: disabled or not, an entry of the same storage is its
// predecessor. Nil means that the frame is full.
func (f *Frame) slot(k *Key) *Entry {
	mask := uint32(len(f.entries) - 1)
	i := k.index & mask
	for range f.entries {
		e := &f.entries[i]
		if e.Key == nil || e.Key.Storage == k.Storage {
			return e
		}
		i = (i + 1) & mask
	}
	return nil
}

// Of returns the entry of k's storage, disabled or not; the zero entry when there is none.
func (f *Frame) Of(k *Key) Entry {
	if f != nil {
		if e := f.slot(k); e != nil {
			return *e
		}
	}
	return Entry{}
}

// With returns a frame in which e stands for its storage.
func (f *Frame) With(e Entry) *Frame {
	if f == nil {
		next := newFrame(1)
		next.entries[0] = e
		return next
	}
	next := newFrame(len(f.entries))
	copy(next.entries, f.entries)
	at := next.slot(e.Key)
	if at == nil {
		next = f.grown(2 * len(f.entries))
		at = next.slot(e.Key)
	}
	*at = e
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
	for i := range f.entries {
		if e := &f.entries[i]; e.Key != nil && e.Key.Storage != k.Storage {
			*next.slot(e.Key) = *e
		}
	}
	return next
}

// grown returns a frame of at least that many slots with the same entries.
func (f *Frame) grown(slots int) *Frame {
	next := newFrame(slots)
	if f != nil {
		for i := range f.entries {
			if e := &f.entries[i]; e.Key != nil {
				*next.slot(e.Key) = *e
			}
		}
	}
	return next
}

// Len returns the number of entries.
func (f *Frame) Len() int {
	if f == nil {
		return 0
	}
	n := 0
	for i := range f.entries {
		if f.entries[i].Key != nil {
			n++
		}
	}
	return n
}

// WithAll returns a frame in which all of entries stand, the later of two for one storage.
func (f *Frame) WithAll(entries []Entry) *Frame {
	if len(entries) == 0 {
		return f
	}
	next := f.grown(f.Len() + len(entries))
	for i := range entries {
		*next.slot(entries[i].Key) = entries[i]
	}
	return next
}

// All returns the entries that a Get would find.
func (f *Frame) All() []Entry {
	var all []Entry
	if f != nil {
		for _, e := range f.entries {
			if e.Key != nil && e.Key == e.Key.Storage.Key() {
				all = append(all, e)
			}
		}
	}
	return all
}
