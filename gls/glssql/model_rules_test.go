package glssql_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glssql"
)

// What follows are the rules of the package, for model_test.go, worked out on lists.

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
