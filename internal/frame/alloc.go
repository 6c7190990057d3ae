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

// newFrame returns an empty frame with room for at least that many entries. Up to 17 it is one allocation: the table
// lies behind the frame.
func newFrame(n int) *Frame {
	switch n--; {
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
