package glssql_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glssql"
)

// TestModel runs random programs and compares each statement, each result and the rows at the end with what the rules of
// the package say, worked out on lists. AMBIENT_LONG=1 runs 1,000,000.
func TestModel(t *testing.T) {
	programs := 4000
	if os.Getenv("AMBIENT_LONG") != "" {
		programs = 1_000_000
	}
	const workers = 4
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			done := modelled{}
			for i := w; i < programs && !t.Failed(); i += workers {
				done.add(runProgram(t, uint64(i)))
			}
			// Programs that test nothing would pass.
			assert.Greater(t, done.inTx, programs/workers/2)
			assert.Greater(t, done.refused, programs/workers/8)
			assert.Greater(t, done.onPool, programs/workers/8)
			assert.Greater(t, done.called, programs/workers/16)
			assert.Greater(t, done.rolledBack, programs/workers/16)
		})
	}
	wg.Wait()
}

// modelled counts what the programs did.
type modelled struct{ inTx, onPool, refused, called, rolledBack int }

func (m *modelled) add(n modelled) {
	m.inTx += n.inTx
	m.onPool += n.onPool
	m.refused += n.refused
	m.called += n.called
	m.rolledBack += n.rolledBack
}

// A program makes itself up as it runs: each step is done and modelled.
type program struct {
	modelled

	t    *testing.T
	rand *rand.Rand
	seed uint64
	join bool
	r    *recorder
	db   *glssql.DB

	left   int // steps
	next   int // row or function
	rows   []string
	pool   []string // of rows
	hooks  []string // that are to have been called
	called []string
	late   []func() // what outlives its Run
}

func runProgram(t *testing.T, seed uint64) modelled {
	p := &program{t: t, rand: rand.New(rand.NewPCG(seed, 1)), seed: seed, join: seed%4 == 0, left: 24}
	p.r = &recorder{mute: true}
	pool := sql.OpenDB(p.r)
	defer pool.Close()
	var opts []glssql.Option
	if p.join {
		opts = append(opts, glssql.JoinNested())
	}
	p.db = glssql.New(pool, opts...)
	for p.left > 0 {
		p.block(place{g: &modelGoroutine{}}, 0)
	}
	for _, late := range p.late {
		late()
	}
	p.equal(p.rows, p.r.Rows(), "rows")
	p.equal(p.pool, p.r.pool, "rows of the pool")
	p.equal(p.hooks, p.called, "functions of AfterCommit")
	p.modelled.called = len(p.called)
	return p.modelled
}

func (p *program) equal(want, got any, what string) {
	if !assert.ObjectsAreEqual(want, got) {
		assert.Equal(p.t, want, got, "program %d: %s", p.seed, what)
		p.left = 0
	}
}

func (p *program) name() string {
	p.next++
	return fmt.Sprint(p.next)
}

// block does a few steps.
func (p *program) block(at place, depth int) {
	for range 1 + p.rand.IntN(4) {
		if p.left == 0 {
			return
		}
		p.left--
		p.step(at, depth)
	}
}

func (p *program) step(at place, depth int) {
	n := p.rand.IntN(20)
	if depth == 6 {
		n %= 8
	}
	switch {
	case n < 6:
		p.statement(at)
	case n < 8:
		p.afterCommit(at)
	case n < 12:
		p.run(at, depth)
	case n < 13:
		p.begin(at, depth)
	case n < 15:
		p.child(at, depth, gls.Propagation() == gls.Inherited, true, func(fn func()) { go fn() })
	case n < 16:
		p.child(at, depth, true, true, func(fn func()) { go gls.Bind(fn)() })
	case n < 17:
		starts := []func(fn func()){gls.Go, gls.Capture().Go, func(fn func()) { gls.AfterFunc(0, fn) }}
		p.child(at, depth, true, false, starts[p.rand.IntN(len(starts))])
	case n < 18:
		was := at.g.entered
		at.g.entered = nil
		p.db.Outside(func() { p.block(place{g: at.g, set: true}, depth+1) })
		at.g.entered = was
	case n < 19:
		gls.Isolate(func() { p.block(place{g: at.g}, depth+1) })
	default:
		if at.scope != nil {
			p.later(at)
		}
	}
}

// refused checks the error of what was asked for, and reports whether it was refused.
func (p *program) refused(at place, err error) bool {
	want := p.refusal(at)
	if !errors.Is(err, want) {
		assert.ErrorIs(p.t, err, want, "program %d", p.seed)
		p.left = 0
	}
	if want != nil {
		p.modelled.refused++
	}
	return want != nil
}

func (p *program) statement(at place) {
	row := p.name()
	var err error
	switch p.rand.IntN(3) {
	case 0:
		_, err = p.db.Exec("insert " + row)
	case 1:
		var rows *sql.Rows
		if rows, err = p.db.Query("insert " + row); err == nil {
			err = rows.Close()
		}
	default:
		if err = p.db.QueryRow("insert " + row).Scan(new(string)); errors.Is(err, sql.ErrNoRows) {
			err = nil
		}
	}
	if p.refused(at, err) {
		return
	}
	p.equal(at.kind() == in, p.db.InTx(), "InTx")
	if at.kind() == in {
		p.inTx++
		top := *at.scope.top
		top.rows = append(top.rows, row)
		return
	}
	p.onPool++
	p.rows, p.pool = append(p.rows, row), append(p.pool, row)
}

func (p *program) afterCommit(at place) {
	name := p.name()
	var value any
	func() {
		defer func() { value = recover() }()
		p.db.AfterCommit(func() {
			p.called = append(p.called, name)
			if err := try(p.db, "h"+name); err != nil {
				assert.NoError(p.t, err, "program %d", p.seed)
			}
		})
	}()
	if at.kind() == lost {
		p.refused(at, value.(error))
		return
	}
	p.equal(nil, value, "a panic")
	s := at.scope
	if at.kind() == in && !s.over {
		s = *s.top
	}
	for s != nil && s.into != nil {
		s = s.into
	}
	switch {
	case s == nil || s.stored:
		p.hook(name)
	case !s.over:
		s.hooks = append(s.hooks, name)
	}
}

// hook is the call of a function of AfterCommit.
func (p *program) hook(name string) {
	p.hooks = append(p.hooks, name)
	p.rows, p.pool = append(p.rows, "h"+name), append(p.pool, "h"+name)
}

func (p *program) run(at place, depth int) {
	how := p.rand.IntN(6)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	was := at.g.entered
	var s *modelScope
	var err error
	var value any
	body := func() error {
		s = p.open(at)
		if s.parent == nil {
			at.g.entered = s
		}
		p.block(place{at.g, true, s}, depth+1)
		switch how {
		case 0:
			return errBoom
		case 1:
			panic(errBoom)
		case 2:
			if s.parent != nil { // the end of the outermost ctx comes on another goroutine, at any time
				cancel()
			}
		}
		return nil
	}
	func() {
		defer func() { value = recover() }()
		err = p.db.Run(ctx, nil, body)
	}()
	if s == nil {
		p.refused(at, err)
		return
	}
	if s.parent == nil {
		at.g.entered = was
	}
	canceled := how == 2 && s.parent != nil
	failed := p.end(s, how > 1 && !canceled)
	switch {
	case how == 0:
		p.equal(errBoom, err, "fn's error")
	case how == 1:
		p.equal(errBoom, value, "fn's panic")
	case canceled:
		p.equal(context.Canceled, err, "the end of ctx")
	case failed:
		p.equal(true, errors.Is(err, glssql.ErrDoomed), "doomed")
	default:
		p.equal(nil, err, "no error")
	}
}

func (p *program) begin(at place, depth int) {
	tx, err := p.db.Begin()
	if p.refused(at, err) {
		return
	}
	s := p.open(at)
	p.block(at, depth+1) // with the Run's values: there are none of BeginTx's
	row := p.name()
	if _, err := tx.Exec("insert " + row); !s.doomed {
		p.equal(nil, err, "a statement of BeginTx's")
		s.rows = append(s.rows, row)
	}
	if ok := p.rand.IntN(2) == 0; ok {
		err = tx.Commit()
		p.equal(p.end(s, true), err != nil, "the commit")
	} else {
		p.equal(nil, tx.Rollback(), "the rollback")
		p.end(s, false)
	}
}

// child does steps on another goroutine, which has the values or not.
func (p *program) child(at place, depth int, carried, plain bool, start func(fn func())) {
	to := place{g: &modelGoroutine{}}
	if carried {
		to.set, to.scope = at.set, at.scope
	}
	if plain {
		to.g.creator = at.g.entered
		if at.scope != nil && !at.scope.over {
			to.g.creator = at.scope
		}
	}
	done := make(chan struct{})
	exit := p.rand.IntN(4) == 0
	start(func() {
		defer close(done)
		p.block(to, depth+1)
		if exit {
			runtime.Goexit()
		}
	})
	<-done
}

// later keeps a statement for after the program, when all its Runs are over.
func (p *program) later(at place) {
	to := place{&modelGoroutine{}, true, at.scope}
	over, done := make(chan struct{}), make(chan struct{})
	gls.Go(func() {
		defer close(done)
		<-over
		p.statement(to)
		p.afterCommit(to)
	})
	p.late = append(p.late, func() {
		close(over)
		<-done
	})
}

// What follows are the rules of the package, worked out on lists.

// A place is where code of a program is, in the words of the rules.
type place struct {
	g     *modelGoroutine
	set   bool        // by a Run or an Outside
	scope *modelScope // nil for Outside
}

type modelGoroutine struct {
	entered *modelScope // the outermost Run of the transaction that it is in; nil in Outside

	// creator is the transaction that the goroutine's creator is in, if that started it by a go statement which is not
	// one of gls. It stays there, for it waits for the goroutine's end.
	creator *modelScope
}

type kind int

const (
	free    kind = iota // on the pool
	in                  // in a transaction, on its goroutine
	foreign             // on another goroutine, with its values
	lost                // on another goroutine, without
)

func (at place) kind() kind {
	switch {
	case !at.set && at.g.creator != nil && !at.g.creator.over:
		return lost
	case at.scope == nil:
		return free
	case at.scope.g == at.g:
		return in
	}
	return foreign
}

// A modelScope is a Run, or a BeginTx in one.
type modelScope struct {
	g      *modelGoroutine
	parent *modelScope
	top    **modelScope // of all its transaction
	rows   []string
	hooks  []string
	doomed bool
	over   bool
	into   *modelScope // where its rows went
	stored bool        // they are committed
}

// refusal is the error of a statement.
func (p *program) refusal(at place) error {
	switch kind := at.kind(); {
	case kind == free:
		return nil
	case kind == lost:
		return gls.ErrNotSet
	case at.scope.over:
		return glssql.ErrDone
	case kind == foreign:
		return glssql.ErrOtherGoroutine
	case (*at.scope.top).doomed:
		return glssql.ErrDoomed
	}
	return nil
}

// open is the scope of a Run, or a BeginTx, at a place.
func (p *program) open(at place) *modelScope {
	s := &modelScope{g: at.g}
	if at.kind() == in {
		s.parent, s.top = *at.scope.top, at.scope.top
	} else {
		s.top = new(*modelScope)
	}
	*s.top = s
	return s
}

// end closes a scope and reports whether it failed for being doomed.
func (p *program) end(s *modelScope, ok bool) (failed bool) {
	failed = ok && s.doomed
	*s.top = s.parent
	s.over = true
	switch {
	case !ok || failed:
		p.rolledBack++
		if s.parent != nil && p.join {
			s.parent.doomed = true
		}
	case s.parent != nil:
		s.into = s.parent
		s.parent.rows, s.parent.hooks = append(s.parent.rows, s.rows...), append(s.parent.hooks, s.hooks...)
	default:
		s.stored = true
		p.rows = append(p.rows, s.rows...)
		for _, name := range s.hooks {
			p.hook(name)
		}
	}
	return failed
}

func TestModelFindsWhatIsWrong(t *testing.T) {
	// The model itself is tested by what it says of a program that is known.
	p := &program{t: t}
	g := &modelGoroutine{}
	outer := p.open(place{g: g})
	at := place{g, true, outer}
	require.NoError(t, p.refusal(at))
	inner := p.open(at)
	inner.rows = []string{"a"}
	p.end(inner, false)
	assert.Empty(t, outer.rows)
	outer.rows = []string{"b"}
	p.end(outer, true)
	assert.Equal(t, []string{"b"}, p.rows)
	assert.Equal(t, glssql.ErrDone, p.refusal(at))
}
