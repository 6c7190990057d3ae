package frame

// newFrame returns an empty frame with room for at least that many entries. Up to 17 it is one allocation: the table
// lies behind the frame. A frame of one entry takes 40 bytes.
func newFrame(n int) *Frame {
	switch n--; {
	case n <= 0:
		return new(Frame)
	case n == 1:
		f := new(struct {
			Frame
			table
			slots [1]Entry
		})
		f.rest, f.table.entries = &f.table, f.slots[:]
		return &f.Frame
	case n == 2:
		f := new(struct {
			Frame
			table
			slots [2]Entry
		})
		f.rest, f.table.entries = &f.table, f.slots[:]
		return &f.Frame
	case n <= 4:
		f := new(struct {
			Frame
			table
			slots [4]Entry
		})
		f.rest, f.table.entries = &f.table, f.slots[:]
		return &f.Frame
	case n <= 8:
		f := new(struct {
			Frame
			table
			slots [8]Entry
		})
		f.rest, f.table.entries = &f.table, f.slots[:]
		return &f.Frame
	case n <= 16:
		f := new(struct {
			Frame
			table
			slots [16]Entry
		})
		f.rest, f.table.entries = &f.table, f.slots[:]
		return &f.Frame
	}
	size := 32
	for size < n {
		size *= 2
	}
	return &Frame{rest: &table{make([]Entry, size)}}
}
