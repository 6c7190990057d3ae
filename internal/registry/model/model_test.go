package model_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

const (
	owners     = 2 // goroutines of one slot, with ids 1 and 2
	inspectors = 2
	scopes     = 2 // of each owner, one after the other
	looks      = 1 // of each inspector
	frames     = 6 // enough to find a free one always
)

// A protocol says which steps come in another order than in package registry, or not at all.
type protocol struct {
	idBeforeFrame   bool // Release stores 0 in id before nil in frame
	spareAfterID    bool // Release stores the spare after 0 in id
	keepBeforeFrame bool // Release and the end of a nested scope load pins before they take the frame out of force
	keepAlways      bool // Keep does not load pins
	claimAlways     bool // Claim does not load pins
	claimPinsFirst  bool // Claim loads pins before the compare-and-swap
	frameBeforeID   bool // Of loads frame before id
	pinAfterID      bool // Of loads id before it adds to pins
}

// A state is that of the slot, of all frames and of all goroutines at one moment. Frames are
// numbered from 1; 0 is nil.
type state struct {
	id, frame, spare, pins int8
	content                [frames + 1]int8 // the id of whom the frame's values are, 0 of an empty frame
	owner                  [owners]ownerState
	inspector              [inspectors]inspectorState
}

type ownerState struct {
	pc, round      int8
	outer, inner   int8 // frames of its scope and of the one nested in it
	claimed, again bool // pins was 0 when it loaded it, for Claim and for Keep
}

type inspectorState struct {
	pc, round int8
	id, frame int8 // what it has loaded
}

// An ownerStep changes the state of owner i by one access to shared memory. It returns what is
// wrong, "" if nothing is.
type ownerStep struct {
	name string
	do   func(s *state, o *ownerState, me int8) (wrong string)
}

// done is the pc of an owner whose round is over.
const done = int8(100)

const notOwn = "a goroutine accesses a record that is not its own"

// fill writes an owner's values to a spare or a new frame, which it returns.
func (s *state) fill(me int8) (f int8, wrong string) {
	if s.id != me {
		return 0, notOwn
	}
	if f, s.spare = s.spare, 0; f == 0 {
		for f = 1; s.reachable(f); f++ {
			continue
		}
	} else if s.content[f] != 0 {
		return f, "a spare holds values"
	}
	return f, s.write(f, me)
}

// reachable reports whether the garbage collector would keep a frame.
func (s *state) reachable(f int8) bool {
	if s.frame == f || s.spare == f {
		return true
	}
	for _, o := range s.owner {
		if o.outer == f || o.inner == f {
			return true
		}
	}
	for _, i := range s.inspector {
		if i.frame == f {
			return true
		}
	}
	return false
}

// write changes a frame's values.
func (s *state) write(f, content int8) (wrong string) {
	for _, i := range s.inspector {
		if i.frame == f {
			return "a frame changes while somebody looks at it"
		}
	}
	s.content[f] = content
	return ""
}

// get is what the owner of the slot finds.
func (s *state) get(me, f int8) (wrong string) {
	if s.id != me || s.frame != f || s.content[f] != me {
		return "a goroutine does not find its frame"
	}
	return ""
}

// keep empties a frame that is out of force and keeps it as the spare.
func (s *state) keep(o *ownerState, me, f int8) (wrong string) {
	if !o.again {
		return ""
	}
	if s.id != me {
		return notOwn
	}
	wrong = s.write(f, 0)
	s.spare = f
	return wrong
}

func (p protocol) ownerSteps() []ownerStep {
	loadPins := ownerStep{"load pins for Keep", func(s *state, o *ownerState, _ int8) string {
		o.again = s.pins == 0 || p.keepAlways
		return ""
	}}
	claimPins := ownerStep{"load pins for Claim", func(s *state, o *ownerState, _ int8) string {
		o.claimed = s.pins == 0 || p.claimAlways
		return ""
	}}
	claimID := ownerStep{"claim id", func(s *state, o *ownerState, me int8) string {
		if s.id != 0 {
			o.pc = done // a record in the table
			return ""
		}
		s.id = me
		return ""
	}}
	backOut := ownerStep{"back out or go on", func(s *state, o *ownerState, _ int8) string {
		if !o.claimed {
			s.id, o.pc = 0, done
		}
		return ""
	}}
	fillOuter := ownerStep{"fill a frame", func(s *state, o *ownerState, me int8) (wrong string) {
		o.outer, wrong = s.fill(me)
		return wrong
	}}
	setOuter := ownerStep{"frame = outer", func(s *state, o *ownerState, _ int8) string {
		s.frame = o.outer
		return ""
	}}
	getOuter := ownerStep{"get", func(s *state, o *ownerState, me int8) string { return s.get(me, o.outer) }}
	fillInner := ownerStep{"fill a nested frame", func(s *state, o *ownerState, me int8) (wrong string) {
		o.inner, wrong = s.fill(me)
		return wrong
	}}
	setInner := ownerStep{"frame = inner", func(s *state, o *ownerState, _ int8) string {
		s.frame = o.inner
		return ""
	}}
	getInner := ownerStep{"get nested", func(s *state, o *ownerState, me int8) string { return s.get(me, o.inner) }}
	keepInner := ownerStep{"keep the nested frame", func(s *state, o *ownerState, me int8) string {
		wrong := s.keep(o, me, o.inner)
		o.inner = 0
		return wrong
	}}
	clearFrame := ownerStep{"frame = nil", func(s *state, _ *ownerState, _ int8) string {
		s.frame = 0
		return ""
	}}
	keepOuter := ownerStep{"keep the frame", func(s *state, o *ownerState, me int8) string {
		wrong := s.keep(o, me, o.outer)
		o.outer = 0
		return wrong
	}}
	clearID := ownerStep{"id = 0", func(s *state, _ *ownerState, _ int8) string {
		s.id = 0
		return ""
	}}

	claim := []ownerStep{claimID, claimPins, backOut}
	if p.claimPinsFirst {
		claim = []ownerStep{claimPins, claimID, backOut}
	}
	nested := []ownerStep{fillInner, setInner, getInner, setOuter, loadPins, keepInner, getOuter}
	release := []ownerStep{clearFrame, loadPins, keepOuter, clearID}
	switch {
	case p.idBeforeFrame:
		release = []ownerStep{clearID, clearFrame, loadPins, keepOuter}
	case p.spareAfterID:
		release = []ownerStep{clearFrame, loadPins, clearID, keepOuter}
	case p.keepBeforeFrame:
		nested = []ownerStep{fillInner, setInner, getInner, loadPins, setOuter, keepInner, getOuter}
		release = []ownerStep{loadPins, clearFrame, keepOuter, clearID}
	}
	return slices.Concat(claim, []ownerStep{fillOuter, setOuter, getOuter}, nested, release)
}

// An inspectorStep is one access of an inspector.
type inspectorStep struct {
	name string
	do   func(s *state, i *inspectorState) (wrong string)
}

func (p protocol) inspectorSteps() []inspectorStep {
	pin := inspectorStep{"pin", func(s *state, _ *inspectorState) string { s.pins++; return "" }}
	loadID := inspectorStep{"load id", func(s *state, i *inspectorState) string { i.id = s.id; return "" }}
	loadFrame := inspectorStep{"load frame", func(s *state, i *inspectorState) string { i.frame = s.frame; return "" }}
	look := inspectorStep{"look at the frame", func(s *state, i *inspectorState) string {
		if i.id != 0 && i.frame != 0 && s.content[i.frame] != i.id {
			return "somebody sees another goroutine's frame"
		}
		return ""
	}}
	unpin := inspectorStep{"unpin", func(s *state, i *inspectorState) string {
		i.id, i.frame = 0, 0
		s.pins--
		return ""
	}}
	switch {
	case p.frameBeforeID:
		return []inspectorStep{pin, loadFrame, loadID, look, look, unpin}
	case p.pinAfterID:
		return []inspectorStep{loadID, pin, loadFrame, look, look, unpin}
	}
	return []inspectorStep{pin, loadID, loadFrame, look, look, unpin}
}

// explore visits every state that can be reached and returns how many there are and, if something
// goes wrong, what and the steps to it.
func (p protocol) explore() (states int, wrong string) {
	ownerSteps, inspectorSteps := p.ownerSteps(), p.inspectorSteps()
	type way struct {
		from state
		step string
	}
	var initial state
	seen := map[state]way{initial: {}}
	for todo := []state{initial}; len(todo) > 0; {
		from := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		visit := func(next state, step, wrong string) string {
			if _, ok := seen[next]; ok && wrong == "" {
				return ""
			}
			if wrong != "" {
				steps := []string{step, wrong}
				for at := from; at != initial; at = seen[at].from {
					steps = append([]string{seen[at].step}, steps...)
				}
				return strings.Join(steps, "\n")
			}
			seen[next] = way{from, step}
			todo = append(todo, next)
			return ""
		}
		for i := range owners {
			if from.owner[i].round == scopes {
				continue
			}
			next := from
			o := &next.owner[i]
			step := ownerSteps[o.pc]
			o.pc++
			wrong := step.do(&next, o, int8(i+1))
			if int(o.pc) >= len(ownerSteps) {
				*o = ownerState{round: o.round + 1}
			}
			if wrong := visit(next, fmt.Sprintf("goroutine %d: %s", i+1, step.name), wrong); wrong != "" {
				return len(seen), wrong
			}
		}
		for i := range inspectors {
			if from.inspector[i].round == looks {
				continue
			}
			next := from
			in := &next.inspector[i]
			step := inspectorSteps[in.pc]
			in.pc++
			wrong := step.do(&next, in)
			if int(in.pc) == len(inspectorSteps) {
				*in = inspectorState{round: in.round + 1}
			}
			if wrong := visit(next, fmt.Sprintf("inspector %d: %s", i+1, step.name), wrong); wrong != "" {
				return len(seen), wrong
			}
		}
	}
	return len(seen), ""
}

func TestEveryOrderOfStepsIsRight(t *testing.T) {
	states, wrong := protocol{}.explore()
	t.Logf("%d states", states)
	assert.Empty(t, wrong)
	assert.Greater(t, states, 10_000)
}

func TestWrongOrdersAreFound(t *testing.T) {
	for name, p := range map[string]protocol{
		"id before frame in Release":            {idBeforeFrame: true},
		"spare after id in Release":             {spareAfterID: true},
		"pins before frame in Keep":             {keepBeforeFrame: true},
		"no look at pins in Keep":               {keepAlways: true},
		"no look at pins in Claim":              {claimAlways: true},
		"pins before compare-and-swap in Claim": {claimPinsFirst: true},
		"frame before id in Of":                 {frameBeforeID: true},
		"pins after id in Of":                   {pinAfterID: true},
	} {
		t.Run(name, func(t *testing.T) {
			_, wrong := p.explore()
			assert.NotEmpty(t, wrong)
			t.Log(wrong)
		})
	}
}
