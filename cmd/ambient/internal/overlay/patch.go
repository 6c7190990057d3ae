package overlay

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
)

// A patch is the edits of one file of GOROOT/src.
type patch struct {
	file     string
	edits    []edit
	optional bool // some installations lack the file
}

// An edit changes one place of a file. No text contains a line break, so lines keep their numbers.
type edit struct {
	what string // the name of the place in messages
	find func(source) []change
}

// A change replaces the text between two offsets.
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

// patches lists all changes. They rely on these facts:
//
//   - newproc1 gives a new goroutine its id before other code can find it, and has the goroutine
//     and the program counter of the go statement at hand (source/runtime.go.txt, ambientInherit).
//   - gdestroy clears the labels of a goroutine that has exited, before it is reused.
//   - cgocallbackg marks the point at which the outermost callback returns to a thread of C. The
//     next callback, on the same thread or on another, runs on the same g.
//   - Every value that is received from a channel passes through one of five functions, and
//     sync.Cond.Wait through one (ambientReceived). Where one of the two goroutines waits, the value
//     passes through send or recv, too (ambientWakes).
//   - time.AfterFunc's function is started on g0, and context.AfterFunc's on the goroutine that
//     cancels. Both get the frame of the code that registered them. A timer keeps goFunc's argument
//     for ever, and Reset is the only way to start it again.
//   - TestSizeof asserts the size of g.
func patches() []patch {
	received := func(condition, channel, ok string) string {
		return "if " + condition + "getg().ambient.base != nil { ambientReceived(" + channel + ", " + ok + ") }"
	}
	return []patch{
		{file: "runtime/runtime2.go", edits: []edit{
			{"the field labels of type g", field("g", "labels", "; ambient ambientState")},
		}},
		{file: "runtime/proc.go", edits: []edit{
			{"the id in newproc1", after("", "newproc1", "newg.goid = pp.goidcache", "; ambientInherit(newg, callergp, callerpc)")},
			{"the end of labels in gdestroy", after("", "gdestroy", "gp.labels = nil", "; gp.ambient.exit()")},
		}},
		{file: "runtime/cgocall.go", edits: []edit{
			{"the return to C in cgocallbackg", after("", "cgocallbackg", "gp.m.isExtraInC = true", "; gp.ambient.exit()")},
		}},
		{file: "runtime/chan.go", edits: []edit{
			{"the receive in chanrecv1", replaced("", "chanrecv1", "chanrecv(c, elem, true)",
				"_, ok := chanrecv(c, elem, true); "+received("", "c", "ok"))},
			{"the receive in chanrecv2", after("", "chanrecv2", "_, received = chanrecv(c, elem, true)",
				"; "+received("", "c", "received"))},
			{"the receive in selectnbrecv", replaced("", "selectnbrecv", "return chanrecv(c, elem, false)",
				"selected, received = chanrecv(c, elem, false); "+received("selected && ", "c", "received")+"; return")},
			{"the receive in reflect_chanrecv", replaced("", "reflect_chanrecv", "return chanrecv(c, elem, !nb)",
				"selected, received = chanrecv(c, elem, !nb); "+received("selected && ", "c", "received")+"; return")},
			{"the receiver in send", after("", "send", "gp := sg.g", "; if gp.ambient.base != nil { ambientWakes(getg(), gp, c) }")},
			{"the sender in recv", after("", "recv", "gp := sg.g", "; if getg().ambient.base != nil { ambientWakes(gp, getg(), c) }")},
		}},
		{file: "runtime/select.go", edits: []edit{
			{"the end of selectgo", replaced("", "selectgo", "return casi, recvOK",
				received("casi >= nsends && ", "scases[casi].c", "recvOK")+"; return casi, recvOK")},
		}},
		{file: "runtime/sema.go", edits: []edit{
			{"the end of notifyListWait", after("", "notifyListWait", "releaseSudog(s)", "; "+received("", "nil", "true"))},
		}},
		{file: "time/sleep.go", edits: []edit{
			{"the function of AfterFunc", argument("AfterFunc", "newTimer", "goFunc", "f", "ambientTimer")},
			{"the go statement in goFunc", replaced("", "goFunc", "go arg.(func())()", "go ambientFunc(arg)()")},
			{"the reset in Reset", replaced("Timer", "Reset", "return resetTimer(t, w, 0)", "ambientReset(t); return resetTimer(t, w, 0)")},
		}},
		{file: "context/context.go", edits: []edit{{"the function of AfterFunc", element("AfterFunc", "afterFuncCtx", "f", "ambientFunc")}}},
		{file: "runtime/sizeof_test.go", edits: []edit{{"the size of g in TestSizeof", sizeOfG}}, optional: true},
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
