package conformance_test

import (
	"errors"

	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/gls"
)

// nodeScopeRows are about Enter and Leave.
var nodeScopeRows = []row{
	{"N-61 Enter and Leave", func(t *probe) {
		s := fresh[string](t)
		unset(t, s)
		scope := s.Enter("test")
		sees(t, "test", s)
		scope.Leave()
		unset(t, s)
	}},
	{"N-62 Leave puts an entered value back", func(t *probe) {
		s := fresh[string](t)
		defer s.Enter("initial").Leave()
		scope := s.Enter("scoped")
		sees(t, "scoped", s)
		scope.Leave()
		sees(t, "initial", s)
	}},
	{"N-63 nested scopes", func(t *probe) {
		s := fresh[string](t)
		outer := s.Enter("outer")
		sees(t, "outer", s)
		inner := s.Enter("inner")
		sees(t, "inner", s)
		inner.Leave()
		sees(t, "outer", s)
		outer.Leave()
		unset(t, s)
	}},
	{"N-64 a deferred Leave while panicking", func(t *probe) {
		s := fresh[string](t)
		failure := errors.New("failure")
		s.Run("before", func() {
			got := caught(func() {
				defer s.Enter("v").Leave()
				sees(t, "v", s)
				panic(failure)
			})
			assert.Same(t, failure, got)
			sees(t, "before", s)
		})
	}},
	{"N-65 the second Leave does nothing", func(t *probe) {
		s := fresh[string](t)
		first := s.Enter("test")
		first.Leave()
		second := s.Enter("test2")
		first.Leave()
		sees(t, "test2", s)
		second.Leave()
		unset(t, s)
		second.Leave()
		unset(t, s)
	}},
	{"N-66 a default is back after Leave, not as a set value", func(t *probe) {
		s := gls.NewWithDefault("", "default")
		scope := s.Enter("v")
		sees(t, "v", s)
		scope.Leave()
		got, ok := s.Get()
		assert.Equal(t, "default", got)
		assert.False(t, ok)
	}},
	{"N-67 four nested scopes", func(t *probe) {
		s := fresh[int](t)
		func() {
			for v := 1; v <= 4; v++ {
				scope := s.Enter(v)
				sees(t, v, s)
				defer func() {
					sees(t, v, s)
					scope.Leave()
				}()
			}
		}()
		unset(t, s)
	}},
	{"N-68 scopes of two storages do not touch each other", func(t *probe) {
		a, b := fresh[string](t), fresh[string](t)
		inA := a.Enter("a")
		inB := b.Enter("b")
		inB.Leave()
		sees(t, "a", a)
		unset(t, b)
		inB = b.Enter("b2")
		inA.Leave()
		unset(t, a)
		sees(t, "b2", b)
		inA.Leave()
		sees(t, "b2", b)
		inB.Leave()
		unset(t, b)
	}},
	{"N-69 Leave puts back what was there at Enter, whatever was entered since", func(t *probe) {
		s := fresh[string](t)
		callee := func() {
			scope := s.Enter("s2")
			sees(t, "s2", s)
			s.Enter("s3")
			sees(t, "s3", s)
			scope.Leave()
		}
		first := s.Enter("s1")
		callee()
		sees(t, "s1", s)
		first.Leave()
		unset(t, s)
		s.Run("run's", func() {
			callee()
			sees(t, "run's", s)
		})
	}},
	{"N-70 several storages set at once", func(t *probe) {
		a, b, c := fresh[string](t), fresh[int](t), fresh[*store](t)
		outer, inner := newStore(), newStore()
		gls.Run(func() {
			sees(t, "outer", a)
			sees(t, 1, b)
			sees(t, outer, c)
			gls.Run(func() {
				sees(t, "inner", a)
				sees(t, 1, b)
				sees(t, inner, c)
			}, a.With("inner"), c.With(inner))
			sees(t, "outer", a)
			sees(t, 1, b)
			sees(t, outer, c)
			gls.Run(func() { sees(t, "later", a) }, a.With("earlier"), a.With("later"))
			gls.Run(func() { sees(t, "outer", a) })
		}, a.With("outer"), b.With(1), c.With(outer))
		unset(t, a)
		unset(t, b)
		unset(t, c)
	}},
	{"N-72 the body keeps its value and the caller has none", func(t *probe) {
		s := fresh[string](t)
		started, gate, done := make(chan struct{}), make(chan struct{}), make(chan struct{})
		s.Run("v", func() {
			gls.Go(func() {
				defer close(done)
				sees(t, "v", s)
				close(started)
				<-gate
				sees(t, "v", s)
			})
		})
		<-started
		unset(t, s)
		close(gate)
		<-done
	}},
	{"N-73 an emitter that keeps a Snapshot", func(t *probe) {
		s := fresh[string](t)
		type emitter struct {
			gls.Snapshot
			stream
		}
		e := &emitter{}
		s.Run("creator's", func() { e.Snapshot = gls.Capture() })
		calls := 0
		listener := func() {
			calls++
			sees(t, "creator's", s)
		}
		s.Run("listener's", func() { e.onFinish(listener) })
		e.onFinish(listener)
		emit := func() { e.Run(e.finish) }
		emit()
		s.Run("emitter's", func() {
			emit()
			sees(t, "emitter's", s)
			inGo(emit)
		})
		assert.Equal(t, 6, calls)
	}},
}
