package overlay

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
)

// A patch is what is done to one file of GOROOT/src.
type patch struct {
	file     string
	edits    []edit
	optional bool // some installations lack the file
}

// An edit changes one place of a file. No text holds a line break, so lines keep their numbers.
type edit struct {
	what string // names the place in messages
	find func(source) []change
}

// A change puts text in the place of what stands between two offsets.
type change struct {
	from, to int
	text     string
}

// A source is a parsed file.
type source struct {
	text  string
	file  *ast.File
	files *token.FileSet
}

func (s source) offset(p token.Pos) int { return s.files.Position(p).Offset }

// of returns the source text of a node.
func (s source) of(n ast.Node) string { return s.text[s.offset(n.Pos()):s.offset(n.End())] }

// patches lists all changes to files that every supported release has. What they rely on:
//
//   - newproc1 copies the profiler's labels to a new goroutine in the branch for those that are not the runtime's own,
//     and from mp.curg, which is nil where no goroutine runs: finalizers, cleanups and timers start with nothing.
//   - gdestroy clears the labels of a goroutine that has exited, before it is reused.
//   - cgocallbackg marks the point at which the outermost callback returns to a thread of C; the next callback, on the
//     same thread or on another, runs on the same g.
//   - time.AfterFunc's function is started on g0 and context.AfterFunc's by whoever cancels: both keep the frame of
//     whoever registered them.
//   - The loops of net/http and os/signal are goroutines that outlive what started them and serve others. A connection's
//     keep the frame of the request that opened it until that request's head is written and the response's is read.
//     decConnsPerHost dials for another request than the one that it runs for.
//   - TestSizeof asserts how large g is: one pointer more.
func patches() []patch {
	return []patch{
		{file: "runtime/runtime2.go", edits: []edit{{"the field labels of type g", field("g", "labels", "; ambient unsafe.Pointer")}}},
		{file: "runtime/proc.go", edits: []edit{
			{"the copy of labels in newproc1", after("", "newproc1", "newg.labels = mp.curg.labels", "; newg.ambient = mp.curg.ambient")},
			{"the end of labels in gdestroy", after("", "gdestroy", "gp.labels = nil", "; gp.ambient = nil")},
		}},
		{file: "runtime/cgocall.go", edits: []edit{
			{"the return to C in cgocallbackg", after("", "cgocallbackg", "gp.m.isExtraInC = true", "; gp.ambient = nil")},
		}},
		{file: "time/sleep.go", edits: []edit{{"the function of AfterFunc", argument("AfterFunc", "newTimer", "goFunc", "f", "ambientBind")}}},
		{file: "context/context.go", edits: []edit{{"the function of AfterFunc", element("AfterFunc", "afterFuncCtx", "f", "ambientBind")}}},
		{file: "net/http/transport.go", edits: []edit{
			{"the response in persistConn.readLoop", after("persistConn", "readLoop", "resp, err = pc.readResponse(rc, trace)", "; ambientDetach()")},
			{"the end of a write in persistConn.writeLoop", before("persistConn", "writeLoop", "pc.writeErrCh <- err", "ambientDetach(); ")},
			{"the dial in Transport.decConnsPerHost", detached("Transport", "decConnsPerHost", "t.startDialConnForLocked(w)")},
		}},
		{file: "os/signal/signal_unix.go", edits: []edit{worker("", "loop")}},
		{file: "runtime/sizeof_test.go", edits: []edit{{"the size of g in TestSizeof", sizeOfG}}, optional: true},
	}
}

// http2 is where the read loop of HTTP/2 connections is, in one release or another: exactly one of the files exists.
func http2() []patch {
	return []patch{
		{file: "net/http/h2_bundle.go", edits: []edit{worker("http2ClientConn", "readLoop")}},
		{file: "net/http/internal/http2/transport.go", edits: []edit{worker("ClientConn", "readLoop")}},
	}
}

// apply returns text with the edits made.
func apply(name, text string, edits []edit) (string, error) {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, name, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return "", err
	}
	var all []change
	for _, e := range edits {
		found := e.find(source{text, file, files})
		if len(found) != 1 {
			return "", fmt.Errorf("%s: %s: found %d times instead of once", name, e.what, len(found))
		}
		all = append(all, found[0])
	}
	slices.SortFunc(all, func(a, b change) int { return cmp.Compare(b.from, a.from) })
	for _, c := range all {
		text = text[:c.from] + c.text + text[c.to:]
	}
	return text, nil
}
