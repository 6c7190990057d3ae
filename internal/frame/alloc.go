package frame

// alone returns a frame of one entry.
func alone(e Entry) *Frame {
	if e.Entered == nil {
		return &Frame{first: e.Binding}
	}
	f := new(struct {
		Frame
		rest more
	})
	f.first, f.more, f.rest.entered = e.Binding, &f.rest, e.Entered
	return &f.Frame
}

// maxSpare is the largest table that a spare has.
const maxSpare = 4

// fits reports whether an empty frame is what newFrame returns for n entries beside the first.
func (f *Frame) fits(n int) bool {
	if f.more == nil {
		return n <= 0
	}
	size := len(f.more.entries)
	return n <= size && size < 2*n
}

// newFrame returns an empty frame with room for at least that many entries: the spare, if that is
// not nil and of the right size. Otherwise it is one allocation up to 17 entries: the table lies
// behind the frame.
func newFrame(n int, spare *Frame) *Frame {
	n--
	if spare != nil && spare.fits(n) {
		return spare
	}
	switch {
	case n <= 0:
		return new(Frame)
	case n == 1:
		f := new(struct {
			Frame
			rest  more
			slots [1]Entry
		})
		f.more, f.rest.entries = &f.rest, f.slots[:]
		return &f.Frame
	case n == 2:
		f := new(struct {
			Frame
			rest  more
			slots [2]Entry
		})
		f.more, f.rest.entries = &f.rest, f.slots[:]
		return &f.Frame
	case n <= 4:
		f := new(struct {
			Frame
			rest  more
			slots [4]Entry
		})
		f.more, f.rest.entries = &f.rest, f.slots[:]
		return &f.Frame
	case n <= 8:
		f := new(struct {
			Frame
			rest  more
			slots [8]Entry
		})
		f.more, f.rest.entries = &f.rest, f.slots[:]
		return &f.Frame
	case n <= 16:
		f := new(struct {
			Frame
			rest  more
			slots [16]Entry
		})
		f.more, f.rest.entries = &f.rest, f.slots[:]
		return &f.Frame
	}
	size := 32
	for size < n {
		size *= 2
	}
	return &Frame{more: &more{entries: make([]Entry, size)}}
}
