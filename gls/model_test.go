package gls_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/gls"
)

// TestModel runs random programs and compares what every storage is, after every step of each, with a model: rows T-19
// and G-17 of the conformance catalogue. A failure names the program; AMBIENT_SEED set to its number runs it alone.
func TestModel(t *testing.T) { t.Run("T-19,G-17 random programs", runModelPrograms) }

func runModelPrograms(t *testing.T) {
	carried := gls.Carried()
	seed, programs := uint64(time.Now().UnixNano()), iterations(300, 50_000)
	if text := os.Getenv("AMBIENT_SEED"); text != "" {
		var err error
		seed, err = strconv.ParseUint(text, 10, 64)
		require.NoError(t, err)
		programs = 1
	}
	t.Logf("programs %d to %d", seed, seed+uint64(programs)-1)
	done := map[string]int{}
	for i := range uint64(programs) {
		p := newModelProgram(t, seed+i)
		apart(p.run)
		for step, n := range p.done {
			done[step] += n
		}
		if p.failed {
			t.Fatalf("program %d fails; its steps:\n%s", p.seed, strings.Join(p.trace, "\n"))
		}
	}
	t.Logf("steps: %v", done)
	if programs >= 300 {
		for _, step := range modelSteps {
			assert.Positive(t, done[step.name], "no program has a step %s", step.name)
		}
	}
	assert.True(t, poll(func(int) bool {
		runtime.GC()
		return gls.Carried() <= carried
	}))
}

// A modelValue is a value and how often the storage had been disabled when it was set.
type modelValue struct{ value, generation int }

// A modelEnter is an Enter that has not been left.
type modelEnter struct {
	id, storage int
	set         modelValue
}

// A modelScope is what the library's rules say of one scope: what was set at its start by storage, never changed, and
// the Enters since in their order, which may be those of the scope around it.
type modelScope struct {
	base   map[int]modelValue
	enters []modelEnter
}

// values returns what is set, disabled or not.
func (s *modelScope) values() map[int]modelValue {
	values := maps.Clone(s.base)
	for _, e := range s.enters {
		values[e.storage] = e.set
	}
	return values
}

// inner returns the scope of a Run or Exit: change is applied to what is set at its start, and Enters of the storages
// named are not in force in it.
func (s *modelScope) inner(change func(base map[int]modelValue), storages ...int) *modelScope {
	base := maps.Clone(s.base)
	change(base)
	return &modelScope{base, slices.DeleteFunc(slices.Clone(s.enters), func(e modelEnter) bool {
		return slices.Contains(storages, e.storage)
	})}
}

// leave undoes the Enter and those of the same storage after it, if it is in force.
func (s *modelScope) leave(id int) {
	at := slices.IndexFunc(s.enters, func(e modelEnter) bool { return e.id == id })
	if at < 0 {
		return
	}
	storage := s.enters[at].storage
	after := slices.DeleteFunc(slices.Clone(s.enters[at:]), func(e modelEnter) bool { return e.storage == storage })
	s.enters = slices.Concat(s.enters[:at], after)
}

// A modelProgram is a random program. Its goroutines wait for each other, so that one runs at a time.
type modelProgram struct {
	t      *testing.T
	seed   uint64
	random *rand.Rand
	trace  []string
	failed bool
	done   map[string]int // steps, by name

	storages    []*gls.Storage[int] // the first has the default -1
	generations []int               // how often each has been disabled
	captures    []modelCapture
	left        int // steps still to do
	last        int // the last value and Enter
}

// A modelCapture is a snapshot, as a function that runs another in it and one that starts another in it, and what is
// set in it.
type modelCapture struct {
	run    func(fn func())
	start  func(fn func())
	values map[int]modelValue
}

// A flow is a goroutine of a program.
type flow struct {
	*modelProgram
	child     bool
	depth     int // calls of block
	scopes    []*modelScope
	handles   []modelHandle
	guards    int // open ones
	unwinding int // to which guard, 0 when there is no panic
}

type modelHandle struct {
	id    int
	scope gls.Scope
}

func newModelProgram(t *testing.T, seed uint64) *modelProgram {
	p := &modelProgram{t: t, seed: seed, random: rand.New(rand.NewPCG(seed, 0)), done: map[string]int{}}
	p.left = 20 + p.random.IntN(130)
	p.storages = []*gls.Storage[int]{gls.NewWithDefault("with default", -1)}
	for range p.random.IntN(5) {
		p.storages = append(p.storages, gls.New[int](""))
	}
	p.generations = make([]int, len(p.storages))
	p.captures = []modelCapture{{gls.Snapshot{}.Run, gls.Snapshot{}.Go, map[int]modelValue{}}}
	return p
}

func (p *modelProgram) run() {
	f := &flow{modelProgram: p, scopes: []*modelScope{{base: map[int]modelValue{}}}}
	for p.left > 0 && !p.failed {
		f.block()
	}
}

func (f *flow) top() *modelScope { return f.scopes[len(f.scopes)-1] }

func (p *modelProgram) storage() int { return p.random.IntN(len(p.storages)) }

// next returns a value that differs from all before it, or zero.
func (p *modelProgram) next(storage int) modelValue {
	p.last++
	value := p.last
	if p.random.IntN(8) == 0 {
		value = 0
	}
	return modelValue{value, p.generations[storage]}
}

func (p *modelProgram) fail(format string, args ...any) {
	p.failed = true
	p.t.Helper()
	p.t.Errorf(format, args...)
	p.trace = append(p.trace, "FAILS: "+fmt.Sprintf(format, args...))
}

// check compares all storages with the model.
func (f *flow) check() {
	values := f.top().values()
	for i, s := range f.storages {
		set, ok := values[i]
		want := set.value
		if !ok || set.generation != f.generations[i] {
			ok, want = false, 0
			if i == 0 {
				want = -1
			}
		}
		got, gotOK := s.Get()
		if got != want || gotOK != ok {
			f.fail("storage %d: Get returns %d, %t, want %d, %t", i, got, gotOK, want, ok)
		}
		if f.random.IntN(50) == 0 {
			got, err := s.Lookup()
			if got != want || (err == nil) != ok {
				f.fail("storage %d: Lookup returns %d, %v, want %d, %t", i, got, err, want, ok)
			}
		}
	}
}

// block does some steps.
func (f *flow) block() {
	if f.depth++; f.depth > 30 {
		f.depth--
		return
	}
	defer func() { f.depth-- }()
	for range 1 + f.random.IntN(8) {
		if f.left <= 0 || f.failed {
			return
		}
		f.left--
		step := modelSteps[f.random.IntN(len(modelSteps))]
		f.trace = append(f.trace, strings.Repeat("  ", f.depth)+step.name)
		f.done[step.name]++
		step.do(f)
		f.check()
	}
}

// in does a block in the scope that run opens and ends.
func (f *flow) in(s *modelScope, run func(fn func())) {
	around, calls := len(f.scopes), 0
	defer func() {
		f.scopes = f.scopes[:around]
		f.check()
		if calls != 1 {
			f.fail("the function is called %d times", calls)
		}
	}()
	run(func() {
		calls++
		f.scopes = append(f.scopes, s)
		defer f.check()
		f.check()
		f.block()
	})
}

// join does a block on the goroutine that start starts, in which values are set, and waits for it.
func (f *flow) join(values map[int]modelValue, start func(fn func())) {
	done := make(chan struct{})
	child := &flow{modelProgram: f.modelProgram, child: true, scopes: []*modelScope{{base: maps.Clone(values)}}}
	start(func() {
		defer close(done)
		defer child.check()
		child.check()
		if len(f.handles) > 0 && f.random.IntN(4) == 0 {
			foreign := f.handles[f.random.IntN(len(f.handles))]
			if caught(foreign.scope.Leave) != "gls.Scope.Leave: called on another goroutine" {
				f.fail("Leave on another goroutine does not panic as it should")
			}
			child.check()
		}
		child.block()
	})
	<-done
}

func (f *flow) capture() modelCapture { return f.captures[f.random.IntN(len(f.captures))] }
