package gls

// A frame is the immutable set of all values bound on a goroutine at one moment. Nil is the frame with nothing set.
// Frames are shared freely: a scope, a snapshot and a child's first frame are one pointer to the same one.
//
// Its entries form an open-addressed table of a power of two, full up to the last slot, in which a storage's key says
// where to look first. Storages are numbered as they are first set, so those of one program rarely share a slot. A new
// frame is a copy with one entry changed; it holds nothing of the frame it was copied from that it does not show, so a
// child that lives long keeps no replaced value alive.
//
// It is tempting to link each binding to the one before instead, as context.WithValue does. Get then walks past every
// storage set since, and each child keeps all that its ancestors ever set.
type frame struct {
	entries []entry
}

// An entry is the value of one storage. An entry with a nil key is empty.
type entry struct {
	key   *key
	value any // a T of the storage as it is: pointers need no box, nil interfaces are nil

	// entered is the Enter that bound the value, nil when a Run did.
	entered *entered
}

// find returns the entry with that key, or nil. It is the path of Get.
func (f *frame) find(k *key) *entry {
	if f == nil {
		return nil
	}
	mask := uint32(len(f.entries) - 1)
	i := k.index & mask
	for range f.entries {
		e := &f.entries[i]
		if e.key == k {
			return e
		}
		if e.key == nil {
			return nil
		}
		i = (i + 1) & mask
	}
	return nil
}

// slot returns where the entry of k's storage is or belongs: disabled or not, an entry of the same storage is its
// predecessor. Nil means that the frame is full.
func (f *frame) slot(k *key) *entry {
	mask := uint32(len(f.entries) - 1)
	i := k.index & mask
	for range f.entries {
		e := &f.entries[i]
		if e.key == nil || e.key.owner == k.owner {
			return e
		}
		i = (i + 1) & mask
	}
	return nil
}

// of returns the entry of k's storage, disabled or not; the zero entry when there is none.
func (f *frame) of(k *key) entry {
	if f != nil {
		if e := f.slot(k); e != nil {
			return *e
		}
	}
	return entry{}
}

// with returns a frame in which e stands for its storage.
func (f *frame) with(e entry) *frame {
	if f == nil {
		next := newFrame(1)
		next.entries[0] = e
		return next
	}
	next := newFrame(len(f.entries))
	copy(next.entries, f.entries)
	at := next.slot(e.key)
	if at == nil {
		next = f.resized(2 * len(f.entries))
		at = next.slot(e.key)
	}
	*at = e
	return next
}

// without returns a frame without an entry for k's storage: f itself if it has none, nil if it has no other.
func (f *frame) without(k *key) *frame {
	if f == nil || f.of(k).key == nil {
		return f
	}
	left := f.len() - 1
	if left == 0 {
		return nil
	}
	return f.rebuilt(left, func(e *entry) bool { return e.key.owner != k.owner })
}

// resized returns a frame of at least that many slots with the same entries.
func (f *frame) resized(slots int) *frame {
	return f.rebuilt(slots, func(*entry) bool { return true })
}

// rebuilt returns a frame of at least that many slots with the entries that keep chooses.
func (f *frame) rebuilt(slots int, keep func(*entry) bool) *frame {
	next := newFrame(slots)
	for i := range f.entries {
		if e := &f.entries[i]; e.key != nil && keep(e) {
			*next.slot(e.key) = *e
		}
	}
	return next
}

// len returns the number of entries.
func (f *frame) len() int {
	n := 0
	for i := range f.entries {
		if f.entries[i].key != nil {
			n++
		}
	}
	return n
}

// newFrame returns an empty frame with at least that many slots, a power of two. Up to 16 it is one allocation: the
// entries lie behind the header. A frame of one entry takes 56 bytes.
func newFrame(slots int) *frame {
	switch {
	case slots <= 1:
		f := new(struct {
			frame
			slots [1]entry
		})
		f.entries = f.slots[:]
		return &f.frame
	case slots <= 2:
		f := new(struct {
			frame
			slots [2]entry
		})
		f.entries = f.slots[:]
		return &f.frame
	case slots <= 4:
		f := new(struct {
			frame
			slots [4]entry
		})
		f.entries = f.slots[:]
		return &f.frame
	case slots <= 8:
		f := new(struct {
			frame
			slots [8]entry
		})
		f.entries = f.slots[:]
		return &f.frame
	case slots <= 16:
		f := new(struct {
			frame
			slots [16]entry
		})
		f.entries = f.slots[:]
		return &f.frame
	}
	size := 32
	for size < slots {
		size *= 2
	}
	return &frame{entries: make([]entry, size)}
}
