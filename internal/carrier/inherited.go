package carrier

import (
	"iter"
	"runtime"
	"strings"
	"unsafe"

	"github.com/ambient-go/ambient/internal/frame"
)

// The way by field: goroutines carry their frames themselves, and a new one starts with its creator's.

// In a program built by ambient build, package runtime has these variables, with values (cmd/ambient/overlay,
// added.go). The linker takes a symbol's definition with a value over one without (cmd/internal/ld, loader.go, checked
// with Go 1.25 to 1.27), so elsewhere they are just zero variables of this package. Nobody stores to them.
var (
	// builtFor is the release whose runtime was copied.
	//
	//go:linkname builtFor runtime.ambientVersion
	builtFor string

	// loadField and storeField access the running goroutine's own field. A new goroutine has its creator's pointer in
	// it, copied in newproc1; gdestroy clears it.
	//
	//go:linkname loadField runtime.ambientLoad
	loadField func() unsafe.Pointer
	//go:linkname storeField runtime.ambientStore
	storeField func(unsafe.Pointer)

	// eachField yields the ids of all goroutines whose field is not nil, and the field.
	//
	//go:linkname eachField runtime.ambientEach
	eachField func(yield func(id uint64, p unsafe.Pointer) bool)
)

// carried reports whether goroutines carry their frames. The go command drops an overlay for another GOROOT in silence,
// and builds one release with another's files when a release is replaced in its place: then there is nothing to rely on.
func carried() bool {
	return builtFor != "" && builtFor == release(runtime.Version()) && loadField != nil && storeField != nil && eachField != nil
}

// release cuts from a version what says how the release was built: go1.26.8 of "go1.26.8 X:jsonv2".
func release(version string) string {
	version, _, _ = strings.Cut(version, " ")
	version, _, _ = strings.Cut(version, "-X:")
	return version
}

// load returns the frame in force on the running goroutine. It is on the path of Get.
func load() *frame.Frame { return (*frame.Frame)(loadField()) }

// store changes it, and publishes the frame to each.
func store(f *frame.Frame) { storeField(unsafe.Pointer(f)) } //nolint:gosec // the field's type, a pointer as before

// each yields the goroutines that carry a frame.
func each(yield func(uint64, *frame.Frame) bool) {
	eachField(func(id uint64, p unsafe.Pointer) bool { return yield(id, (*frame.Frame)(p)) })
}

func hereInherited() Cursor { return Cursor{frame: load()} }

func frameInherited(c Cursor) *frame.Frame { return c.frame }

func withInherited(c Cursor, b frame.Binding) *frame.Frame { return c.frame.With(b, nil) }

func copyInherited(c Cursor, n int) *frame.Frame { return c.frame.Copy(n, nil) }

// runInherited never uses a frame again: it may be any goroutine's by the end of fn.
func runInherited(c Cursor, f *frame.Frame, _ bool, fn func()) {
	store(f)
	defer store(c.frame)
	fn()
}

func startInherited(f *frame.Frame, fn func()) {
	store(f)
	fn()
}

func setInherited(_ Cursor, f *frame.Frame) { store(f) }

func inheritsInherited(f *frame.Frame) bool { return f == load() }

func ofInherited(uint64, func(*frame.Frame)) {}

func allInherited() iter.Seq2[uint64, *frame.Frame] { return each }

func lenInherited() int {
	n := 0
	for range each {
		n++
	}
	return n
}
