package goroutine

import (
	"bytes"
	"runtime"
	"strconv"
)

// Find returns the trace of one goroutine, from at most so many bytes of the text of all. It stops
// the world as Live does, twice if the goroutine is not in the first, usual number of bytes. Cut
// reports that the goroutine is not in the bytes that Find may read, though the text goes on.
func Find(id uint64, most int) (trace Trace, found, cut bool) {
	for _, size := range []int{8<<10 + runtime.NumGoroutine()<<11, most} {
		buf := make([]byte, min(size, most))
		n := runtime.Stack(buf, true)
		cut = n == len(buf)
		if block, ok := find(buf[:n], id, cut); ok {
			trace, found = parseTrace(block)
			return trace, found, false
		}
		if !cut || size >= most {
			break
		}
	}
	return Trace{}, false, cut
}

// find returns the text of one goroutine, if the text holds all of it.
func find(text []byte, id uint64, cut bool) ([]byte, bool) {
	header := strconv.AppendUint(bytes.Clone(headerPrefix), id, 10)
	header = append(header, ' ')
	if !bytes.HasPrefix(text, header) {
		at := bytes.Index(text, append([]byte("\n\n"), header...))
		if at < 0 {
			return nil, false
		}
		text = text[at+2:]
	}
	block, _, ended := bytes.Cut(text, []byte("\n\n"))
	return block, ended || !cut
}
