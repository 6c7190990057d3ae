package httpctx

import (
	"io"
	"os"
	"reflect"
)

// piece is the number of bytes of a file that are copied at once. The end of the handler waits for
// the piece in progress. On Linux the kernel takes no more in one call of sendfile
// (internal/poll/sendfile.go).
const piece = 4 << 20

// ReadFrom implements io.ReaderFrom. It reads from src while the server's writer is not in use: src
// is code of the program, which may block for as long as it likes, or flush the Writer that it is
// copied to.
//
// A file on disk does neither. ReadFrom hands it to the server's writer, so that the kernel copies
// it.
func (g *guard) ReadFrom(src io.Reader) (n int64, err error) {
	if file, limit := regular(src); file != nil {
		if to, ok := g.c.writer.(io.ReaderFrom); ok {
			return g.readFile(to, file, limit)
		}
	}
	return io.Copy(struct{ io.Writer }{g}, src)
}

// readFile copies a file, up to a limit if there is one, which it counts down.
func (g *guard) readFile(to io.ReaderFrom, file io.Reader, limit *io.LimitedReader) (n int64, err error) {
	for {
		next := &io.LimitedReader{R: file, N: piece}
		if limit != nil {
			next.N = min(piece, limit.N)
		}
		asked := next.N
		copied, err := g.readPiece(to, next)
		n += copied
		if limit != nil {
			limit.N -= copied
		}
		if err != nil || copied < asked || limit != nil && limit.N <= 0 {
			return n, err
		}
	}
}

func (g *guard) readPiece(to io.ReaderFrom, src io.Reader) (int64, error) {
	if !g.open() {
		return 0, ErrFinished
	}
	defer g.done()
	return to.ReadFrom(src)
}

// regular returns src, or the reader that it limits, if that is a regular file. A type that embeds
// a file may have a Read of its own and does not count.
func regular(src io.Reader) (file io.Reader, limit *io.LimitedReader) {
	file = src
	if l, ok := src.(*io.LimitedReader); ok {
		file, limit = l.R, l
	}
	stater, ok := file.(interface{ Stat() (os.FileInfo, error) })
	if !ok {
		return nil, nil
	}
	// File.WriteTo passes on a struct of package os around the File (os/file.go,
	// fileWithoutWriteTo).
	if t := reflect.TypeOf(file); t != reflect.TypeFor[*os.File]() && t.PkgPath() != "os" {
		return nil, nil
	}
	if info, err := stater.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, nil
	}
	return file, limit
}
