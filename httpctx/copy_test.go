package httpctx_test

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/httpctx"
)

// A readerFunc is a source.
type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// servedBy makes a request; served is closed when the handler's return has reached the server.
func servedBy(t *testing.T, handle http.HandlerFunc) (served chan struct{}) {
	t.Helper()
	served = make(chan struct{})
	h := httpctx.Middleware(handle)
	s := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(served)
		h.ServeHTTP(w, r)
	}))
	go func() { _, _ = fetch(s.Client(), s.URL) }()
	return served
}

// A stream of events is copied from a source that flushes the Writer it is copied to. The handler returns meanwhile.
func TestCopyFromASourceThatFlushesTheWriter(t *testing.T) {
	copied, begun, over := make(chan error, 1), make(chan bool, 1), make(chan bool)
	served := servedBy(t, func(http.ResponseWriter, *http.Request) {
		c := httpctx.GetOrFail()
		events := 0
		source := readerFunc(func(p []byte) (int, error) {
			if events++; events == 3 {
				begun <- true
				<-over // the handler has returned, or is about to
			}
			c.Writer().(http.Flusher).Flush()
			_, _ = c.Writer().Write(nil)
			return copy(p, "event\n"), nil
		})
		gls.Go(func() {
			_, err := io.Copy(c.Writer(), source)
			copied <- err
		})
		<-begun
		gls.Go(func() {
			eventually(t, c.Finished, "it returns")
			close(over)
		})
	})
	within(t, served)
	assert.ErrorIs(t, within(t, copied), httpctx.ErrFinished)
}

// A source that has nothing to say does not hold up the handler's return, whatever kind of source it is.
func TestCopyFromASilentSource(t *testing.T) {
	fileReader, fileWriter, err := os.Pipe()
	require.NoError(t, err)
	defer fileReader.Close()
	pipeReader, pipeWriter := io.Pipe()
	for name, source := range map[string]struct {
		from io.Reader
		to   io.WriteCloser
	}{
		"io.Pipe":         {pipeReader, pipeWriter},
		"a file of pipes": {fileReader, fileWriter},
	} {
		t.Run(name, func(t *testing.T) {
			begun, copied := make(chan bool), make(chan error, 1)
			served := servedBy(t, func(http.ResponseWriter, *http.Request) {
				c := httpctx.GetOrFail()
				gls.Go(func() {
					close(begun)
					_, err := io.Copy(c.Writer(), source.from)
					copied <- err
				})
				<-begun
			})
			within(t, served)
			_, err := io.WriteString(source.to, "late")
			assert.NoError(t, err)
			assert.ErrorIs(t, within(t, copied), httpctx.ErrFinished)
			source.to.Close()
		})
	}
}

// A source may end as it likes; the handler's end waits for nobody then.
func TestCopyFromASourceThatPanics(t *testing.T) {
	for _, end := range ends {
		join(plain, func() {
			defer func() { _ = recover() }()
			inRequest(func(c *httpctx.Context) {
				_, _ = io.Copy(c.Writer(), readerFunc(func([]byte) (int, error) {
					end()
					return 0, io.EOF
				}))
			})
		})
	}
}

// A reenteringWriter is a middleware's wrapper that finds its way back to the Context's Writer.
type reenteringWriter struct {
	http.ResponseWriter
	held          chan *httpctx.Context
	begun, finish chan bool
}

func (w reenteringWriter) Write(p []byte) (int, error) {
	w.begun <- true
	<-w.finish
	c := <-w.held
	_ = c.Writer().Header()
	_, err := io.WriteString(c.Writer(), "again")
	return 0, err
}

// A use inside of a use does not wait for the handler's end, which waits for it.
func TestWriterFromItsOwnWriter(t *testing.T) {
	held := make(chan *httpctx.Context, 2)
	w := reenteringWriter{newBareWriter(), held, make(chan bool), make(chan bool)}
	written, ended := make(chan error, 1), make(chan struct{})
	go func() {
		defer close(ended)
		httpctx.Run(w, newRequest("/"), func() {
			c := httpctx.GetOrFail()
			go func() {
				_, err := c.Writer().Write([]byte("x"))
				written <- err
			}()
			<-w.begun
			held <- c
			held <- c
		})
	}()
	eventually(t, within(t, held).Finished, "it returns")
	close(w.finish)
	assert.ErrorIs(t, within(t, written), httpctx.ErrFinished)
	within(t, ended)
}

// A writer that takes files, and notes what it is given.
type filesWriter struct {
	bareWriter
	out   *bytes.Buffer
	files *int
}

func (w filesWriter) Write(p []byte) (int, error) { return w.out.Write(p) }

func (w filesWriter) ReadFrom(src io.Reader) (int64, error) {
	*w.files++
	return w.out.ReadFrom(src)
}

// embedsFile is a file with a Read of its own, as one that reports progress.
type embedsFile struct {
	*os.File
	reads *int
}

func (f embedsFile) Read(p []byte) (int, error) {
	*f.reads++
	return f.File.Read(p)
}

// Only a file on disk goes to the server's writer as it is, in pieces, and what io.CopyN asks for is what it gets.
func TestCopyFiles(t *testing.T) {
	content := bytes.Repeat([]byte("0123456789abcdef"), (2*httpctx.Piece+4096)/16)
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, content, 0o600))
	reads := 0
	for name, test := range map[string]struct {
		copy  func(w io.Writer, f *os.File) (int64, error)
		want  []byte
		files int
	}{
		"whole": {func(w io.Writer, f *os.File) (int64, error) { return io.Copy(w, f) }, content, 3},
		"a part": {
			func(w io.Writer, f *os.File) (int64, error) { return io.CopyN(w, f, 1000) },
			content[:1000], 1,
		},
		"a part of many pieces": {
			func(w io.Writer, f *os.File) (int64, error) { return io.CopyN(w, f, httpctx.Piece+1) },
			content[:httpctx.Piece+1], 2,
		},
		"pieces and no more": {
			func(w io.Writer, f *os.File) (int64, error) { return io.CopyN(w, f, 2*httpctx.Piece) },
			content[:2*httpctx.Piece], 2,
		},
		"none": {func(w io.Writer, f *os.File) (int64, error) { return io.CopyN(w, f, 0) }, nil, 1},
		"with a Read of its own": {
			func(w io.Writer, f *os.File) (int64, error) {
				return io.Copy(w, struct{ io.Reader }{embedsFile{f, &reads}})
			},
			content, 0,
		},
		"embedded": {
			func(w io.Writer, f *os.File) (int64, error) {
				return w.(io.ReaderFrom).ReadFrom(embedsFile{f, &reads})
			},
			content, 0,
		},
		"something else": {
			func(w io.Writer, _ *os.File) (int64, error) {
				return w.(io.ReaderFrom).ReadFrom(io.LimitReader(strings.NewReader("abc"), 2))
			},
			[]byte("ab"), 0,
		},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := os.Open(file)
			require.NoError(t, err)
			defer f.Close()
			w := filesWriter{newBareWriter(), new(bytes.Buffer), new(int)}
			httpctx.Run(w, newRequest("/"), func() {
				n, err := test.copy(httpctx.GetOrFail().Writer(), f)
				assert.NoError(t, err)
				assert.EqualValues(t, len(test.want), n)
			})
			assert.True(t, bytes.Equal(test.want, w.out.Bytes()))
			assert.Equal(t, test.files, *w.files)
		})
	}
	assert.NotZero(t, reads)
	f, err := os.Open(file)
	require.NoError(t, err)
	defer f.Close()
	var c *httpctx.Context
	w := filesWriter{newBareWriter(), new(bytes.Buffer), new(int)}
	httpctx.Run(w, newRequest("/"), func() { c = httpctx.GetOrFail() })
	n, err := io.Copy(c.Writer(), f)
	assert.Zero(t, n)
	assert.ErrorIs(t, err, httpctx.ErrFinished)
	assert.Zero(t, *w.files)
}

// A Write that has come as far as the Writer's lock when the handler ends touches nothing.
func TestWriteAtTheLockWhenTheHandlerEnds(t *testing.T) {
	w := newBareWriter()
	written, ended := make(chan error, 1), make(chan struct{})
	held := make(chan *httpctx.Context, 1)
	var release func()
	go func() {
		defer close(ended)
		httpctx.Run(w, newRequest("/"), func() {
			c := httpctx.GetOrFail()
			release = httpctx.HoldGuard(c)
			go func() {
				_, err := c.Writer().Write([]byte("late"))
				written <- err
			}()
			for !waitsIn("httpctx.(*guard).open(") { // until it comes to the lock
				time.Sleep(time.Millisecond)
			}
			held <- c
		})
	}()
	c := within(t, held)
	eventually(t, c.Finished, "it returns")
	release()
	assert.ErrorIs(t, within(t, written), httpctx.ErrFinished)
	within(t, ended)
	assert.Empty(t, *w.calls)
}

// waitsIn reports whether a goroutine waits for a mutex in the function.
func waitsIn(function string) bool {
	buf := make([]byte, 1<<20)
	for block := range strings.SplitSeq(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
		if strings.Contains(block, "[sync.Mutex.Lock") && strings.Contains(block, function) {
			return true
		}
	}
	return false
}
