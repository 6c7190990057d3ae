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
	"github.com/ambient-go/ambient/internal/carrier"
)

// TestModel runs random programs and compares what every storage is, after every step of each, with a model: rows T-19
// and G-17 of internal/conformance/CATALOGUE.md. A failure names the program; AMBIENT_SEED set to its number runs it alone.
func TestModel(t *testing.T) { t.Run("T-19,G-17 random programs", runModelPrograms) }

func runModelPrograms(t *testing.T) {
	carried := carrier.Len()
	seed, programs := uint64(time.Now().UnixNano()), 300
	if os.Getenv("AMBIENT_LONG") != "" {
		programs = 50_000
	}
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
		gls.Isolate(func() { join(p.run) })
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
	eventually(t, func() bool {
		runtime.GC()
		return carrier.Len() <= carried
	}, "frames are left")
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
			if panicOf(foreign.scope.Leave) != "gls.Scope.Leave: called on another goroutine" {
				f.fail("Leave on another goroutine does not panic as it should")
			}
			child.check()
		}
		child.block()
	})
	<-done
}

func (f *flow) capture() modelCapture { return f.captures[f.random.IntN(len(f.captures))] }

// A modelStep is what a program can do next.
type modelStep struct {
	name string
	do   func(f *flow)
}

var modelSteps []modelStep

func init() {
	modelSteps = []modelStep{
		{"Run", func(f *flow) {
			i := f.storage()
			set := f.next(i)
			f.in(f.top().inner(func(base map[int]modelValue) { base[i] = set }, i), func(fn func()) {
				f.storages[i].Run(set.value, fn)
			})
		}},
		{"gls.Run", func(f *flow) {
			var bindings []gls.Binding
			var storages []int
			set := map[int]modelValue{}
			for range f.random.IntN(4) {
				i := f.storage()
				storages = append(storages, i)
				set[i] = f.next(i)
				bindings = append(bindings, f.storages[i].With(set[i].value))
			}
			f.in(f.top().inner(func(base map[int]modelValue) { maps.Copy(base, set) }, storages...), func(fn func()) {
				gls.Run(fn, bindings...)
			})
		}},
		{"Exit", func(f *flow) {
			i := f.storage()
			f.in(f.top().inner(func(base map[int]modelValue) { delete(base, i) }, i), f.storages[i].Exit)
		}},
		{"Isolate", func(f *flow) { f.in(&modelScope{base: map[int]modelValue{}}, gls.Isolate) }},
		{"Enter", enterStep},
		{"Enter again", enterStep},
		{"Enter and Leave", func(f *flow) {
			enterStep(f)
			entered := f.handles[len(f.handles)-1]
			f.check()
			f.block()
			entered.scope.Leave()
			f.top().leave(entered.id)
		}},
		{"Leave", func(f *flow) { leaveStep(f, 1) }},
		{"Leave twice", func(f *flow) { leaveStep(f, 2) }},
		{"Capture", func(f *flow) {
			c := gls.Capture()
			f.captures = append(f.captures, modelCapture{c.Run, c.Go, f.top().values()})
		}},
		{"Bind", func(f *flow) {
			bound := gls.Bind(func(fn func()) { fn() })
			f.captures = append(f.captures, modelCapture{bound, func(fn func()) { go bound(fn) }, f.top().values()})
		}},
		{"Bind twice", func(f *flow) {
			c := f.capture()
			c.run = gls.Bind(c.run)
			f.captures = append(f.captures, c)
		}},
		{"Snapshot.Run", func(f *flow) {
			c := f.capture()
			f.in(&modelScope{base: maps.Clone(c.values)}, c.run)
		}},
		{"Snapshot.Go", func(f *flow) {
			c := f.capture()
			f.join(c.values, c.start)
		}},
		{"Go", func(f *flow) { f.join(f.top().values(), gls.Go) }},
		{"WaitGroup.Go", func(f *flow) {
			var wg gls.WaitGroup
			defer wg.Wait()
			f.join(f.top().values(), wg.Go)
		}},
		{"plain go", func(f *flow) {
			values := map[int]modelValue{}
			if gls.Propagation() == gls.Inherited {
				values = f.top().values()
			}
			f.join(values, func(fn func()) { go fn() })
		}},
		{"Disable", func(f *flow) {
			i := f.storage()
			f.storages[i].Disable()
			f.generations[i]++
		}},
		{"guard", func(f *flow) {
			f.guards++
			guard, scopes, depth := f.guards, len(f.scopes), f.depth
			defer func() {
				if f.unwinding == guard {
					if got, want := recover(), fmt.Sprint("to guard ", guard); got != want {
						f.fail("recover returns %v, want %v", got, want)
					}
					f.unwinding = 0
				}
				f.guards = guard - 1
				if f.unwinding == 0 && (len(f.scopes) != scopes || f.depth != depth) {
					f.fail("the model itself has not unwound")
				}
				f.check()
			}()
			f.block()
		}},
		{"panic", func(f *flow) {
			if f.guards > 0 && f.random.IntN(2) == 0 {
				f.unwinding = 1 + f.random.IntN(f.guards)
				panic(fmt.Sprint("to guard ", f.unwinding))
			}
		}},
		{"Goexit", func(f *flow) {
			if f.child && f.random.IntN(3) == 0 {
				runtime.Goexit()
			}
		}},
	}
}

func enterStep(f *flow) {
	i := f.storage()
	set := f.next(i)
	scope := f.storages[i].Enter(set.value)
	f.handles = append(f.handles, modelHandle{f.last, scope})
	top := f.top()
	top.enters = append(slices.Clip(top.enters), modelEnter{f.last, i, set})
}

// leaveStep leaves any scope that the goroutine has ever entered, most likely one of the last.
func leaveStep(f *flow, times int) {
	if len(f.handles) == 0 {
		return
	}
	back := min(f.random.IntN(len(f.handles)), f.random.IntN(len(f.handles)))
	h := f.handles[len(f.handles)-1-back]
	for range times {
		h.scope.Leave()
		f.top().leave(h.id)
		f.check()
	}
}
