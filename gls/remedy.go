package gls

import (
	"fmt"
	"reflect"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/ambient-go/ambient/internal/constructs"
	"github.com/ambient-go/ambient/internal/goroutine"
)

// explain sets the remedy, and the construct that started the goroutine. For a go statement of the
// program itself the remedy has two ways: a stack does not show whether a goroutine serves one flow
// or takes the tasks of many.
func (e *NotSetError) explain(trace goroutine.Trace) {
	creator := trace.Origin.Function
	frames := trace.Frames()
	if creator == "" && len(frames) > 0 && e.Goroutine != 1 {
		if creator = frames[len(frames)-1].Function; strings.Contains(trace.State, "locked to thread") {
			creator = constructs.FromC
		}
	}
	c, ok := constructs.Of(creator, trace.Origin.Position)
	switch {
	case !e.Lost && Propagation() == Inherited: // the construct may carry the frame
		return
	case ok:
		e.Construct, e.Remedy = c.Name, c.Remedy
	case !e.Lost:
		return
	case !foreign(trace.Origin.Function, trace.Origin.Position):
		e.Remedy = constructs.Go
		return
	default:
		e.Construct, e.Remedy = "the go statement in "+e.StartedAt, constructs.Other
	}
	for _, f := range slices.Backward(frames) {
		if f.Position != "" && !foreign(f.Function, f.Position) && !strings.HasPrefix(f.Function, "runtime.") {
			e.Function = fmt.Sprintf("%s (%s)", f.Function, f.Position)
			break
		}
	}
}

// foreign reports whether a function is of the standard library or of a module in the module cache,
// which the program's author does not edit.
func foreign(function, position string) bool {
	if strings.Contains(position, "@v") || strings.Contains(function, "/vendor/") || strings.Contains(position, "/vendor/") {
		return true
	}
	if root := standardLibrary(); root != "" {
		return strings.HasPrefix(position, root)
	}
	// A program built with -trimpath: a position begins with the package's path. The first element
	// of a module's path has a dot as a rule.
	first, _, _ := strings.Cut(position, "/")
	if strings.HasPrefix(function, "main.") || strings.Contains(first, ".") {
		return false
	}
	info, ok := debug.ReadBuildInfo()
	return ok && !strings.HasPrefix(function, info.Main.Path)
}

// standardLibrary returns the folder of the standard library's sources as positions name it, or ""
// if positions leave it out.
func standardLibrary() string {
	f := runtime.FuncForPC(reflect.ValueOf(strings.Clone).Pointer())
	if f == nil {
		return ""
	}
	file, _ := f.FileLine(f.Entry())
	root, _, _ := strings.Cut(file, "strings/")
	return root
}
