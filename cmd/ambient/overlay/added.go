package overlay

import (
	"fmt"
	"path"
)

// addedName is the file that the overlay adds to each package in which it changes one.
const addedName = "ambient.go"

const runtimeText = `package runtime

import (
	"internal/runtime/atomic"
	"unsafe"
)

// The variables of this file are set by their initializers alone. Packages that use them declare them too, under these
// names and without a value: where this file is not built, theirs are zero.

//go:linkname ambientVersion
var ambientVersion = %q

//go:linkname ambientLoad
var ambientLoad = func() unsafe.Pointer { return getg().ambient }

//go:linkname ambientStore
var ambientStore = func(p unsafe.Pointer) {
	if raceenabled { // what is stored happens before what ambientEach yields, and before nothing else
		racereleasemerge(unsafe.Pointer(&ambientSync))
	}
	publicationBarrier()
	getg().ambient = p
}

var ambientSync byte

//go:linkname ambientEach
var ambientEach = func(yield func(id uint64, p unsafe.Pointer) bool) {
	all, n := atomicAllG()
	for i := uintptr(0); i < n; i++ {
		gp := atomicAllGIndex(all, i)
		id := gp.goid
		p := atomic.Loadp(unsafe.Pointer(&gp.ambient))
		if p == nil || gp.goid != id {
			continue
		}
		if raceenabled {
			raceacquire(unsafe.Pointer(&ambientSync))
		}
		if !yield(id, p) {
			return
		}
	}
}
`

const bindText = `package %s

import "unsafe"

//go:linkname ambientLoad runtime.ambientLoad
var ambientLoad func() unsafe.Pointer

//go:linkname ambientStore runtime.ambientStore
var ambientStore func(unsafe.Pointer)

// ambientBind returns a function for a goroutine of its own.
func ambientBind(f func()) func() {
	p := ambientLoad()
	return func() {
		ambientStore(p)
		f()
	}
}
`

const detachText = `package %s

import "unsafe"

//go:linkname ambientLoad runtime.ambientLoad
var ambientLoad func() unsafe.Pointer

//go:linkname ambientStore runtime.ambientStore
var ambientStore func(unsafe.Pointer)

func ambientDetach() { ambientStore(nil) }

func ambientWithout(f func()) {
	defer ambientStore(ambientLoad())
	ambientStore(nil)
	f()
}
`

// added returns the text of the file that a package gets, of those in which the overlay changes a file.
func added(folder, version string) string {
	switch folder {
	case "runtime":
		return fmt.Sprintf(runtimeText, version)
	case "time", "context":
		return fmt.Sprintf(bindText, folder)
	}
	return fmt.Sprintf(detachText, path.Base(folder))
}
