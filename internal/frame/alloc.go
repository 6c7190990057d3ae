package frame

// newFrame returns an empty frame with at least that many slots, a power of two. Up to 16 it is one allocation: the
// entries lie behind the header. A frame of one entry takes 56 bytes.
func newFrame(slots int) *Frame {
	switch {
	case slots <= 1:
		f := new(struct {
			Frame
			slots [1]Entry
		})
		f.entries = f.slots[:]
		return &f.Frame
	case slots <= 2:
		f := new(struct {
			Frame
			slots [2]Entry
		})
		f.entries = f.slots[:]
		return &f.Frame
	case slots <= 4:
		f := new(struct {
			Frame
			slots [4]Entry
		})
		f.entries = f.slots[:]
		return &f.Frame
	case slots <= 8:
		f := new(struct {
			Frame
			slots [8]Entry
		})
		f.entries = f.slots[:]
		return &f.Frame
	case slots <= 16:
		f := new(struct {
			Frame
			slots [16]Entry
		})
		f.entries = f.slots[:]
		return &f.Frame
	}
	size := 32
	for size < slots {
		size *= 2
	}
	return &Frame{entries: make([]Entry, size)}
}
