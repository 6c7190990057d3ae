package glssql

import "github.com/ambient-go/ambient/internal/goroutine"

// AfterCommit calls fn once the transaction is committed: for events, mails and caches that must
// not get ahead of it. The outermost Run calls fn before it returns, on its own goroutine and
// outside of the transaction, in the order of registration. A rollback, of a Run or of an inner Run
// to its savepoint, drops the functions that were registered in it. Outside of a transaction, and
// in Outside, fn is called at once.
//
// If fn panics or calls runtime.Goexit, the functions after it are called all the same, since the
// commit has happened. Then the panic goes on.
//
// AfterCommit may be called on another goroutine that has the values of a Run. After that Run has
// ended, AfterCommit calls fn at once, or not at all if the Run was rolled back.
//
// AfterCommit panics if fn is nil. It panics with the error of a statement on a goroutine that a
// plain go statement started inside of a Run. In a build with inheritance it also panics on such a
// goroutine that may work for others since that Run has ended.
func (db *DB) AfterCommit(fn func()) {
	if fn == nil {
		panic("glssql.DB.AfterCommit: nil function")
	}
	s, ok := db.current.Get()
	if !ok {
		if err := db.missing(); err != nil {
			panic(err)
		}
	}
	if !s.inTx() {
		fn()
		return
	}
	if s.register(fn) == committed {
		db.Outside(fn)
	}
}

// register keeps fn for the commit if s is open, or the scope that s was merged into is. It returns
// the state of that scope.
func (s *scope) register(fn func()) int32 {
	s.tx.mu.Lock()
	defer s.tx.mu.Unlock()
	if s.goroutine == goroutine.ID() && s.state.Load() == open {
		s = s.tx.top
	}
	for s.state.Load() == merged {
		s = s.parent
	}
	state := s.state.Load()
	if state == open {
		s.hooks = append(s.hooks, fn)
	}
	return state
}

// runAll calls each function, also after a function that panics or calls runtime.Goexit.
func runAll(hooks []func()) {
	next := 0
	defer func() {
		if next < len(hooks) {
			runAll(hooks[next:])
		}
	}()
	for next < len(hooks) {
		fn := hooks[next]
		next++
		fn()
	}
}
