package glssql

import (
	"errors"
	"sync/atomic"
	"weak"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/internal/carrier"
	"github.com/ambient-go/ambient/internal/frame"
	"github.com/ambient-go/ambient/internal/goroutine"
)

// A sighting records a goroutine that ran a statement with nothing set while a Run was open.
type sighting struct {
	id      uint64
	creator uint64 // the goroutine that started it by a go statement that carries nothing; 0 for none
	begun   uint64 // db.begun at this time: a transaction with a greater number began later

	// scope is the scope in the creator's frame at this time. It need not be a Run of the creator's
	// own.
	scope weak.Pointer[scope]
}

// sightings is a direct-mapped cache from id%len to a sighting. Colliding ids overwrite each other
// and are looked at again. Without the cache, each statement outside of a transaction would read
// its goroutine's stack while another goroutine is in a transaction.
type sightings [512]atomic.Pointer[sighting]

// lost returns the error of a statement with nothing set if a plain go statement started this
// goroutine and its creator is in a transaction now. The transaction may have begun after the go
// statement, which cannot be told, so the statement is refused, unless this goroutine has been seen
// before the transaction began.
func (db *DB) lost() error {
	id := goroutine.ID()
	slot := &db.seen[id%uint64(len(db.seen))]
	seen := slot.Load()
	if seen == nil || seen.id != id {
		seen = db.sight(id)
		slot.Store(seen)
	}
	if seen.creator == 0 || !db.inside(seen) {
		return nil
	}
	cause := db.notSet()
	cause.Lost = true // also where the creator is in an Isolate right now
	return &lostError{cause}
}

// sight returns a sighting of the running goroutine. It takes microseconds.
func (db *DB) sight(id uint64) *sighting {
	seen := &sighting{id: id, begun: db.begun.Load()}
	cause := db.notSet()
	if cause == nil || cause.Carried {
		return seen
	}
	seen.creator = cause.Creator
	carrier.Of(seen.creator, func(f *frame.Frame) {
		if b := f.Find(db.untyped.Key()); b != nil {
			seen.scope = weak.Make(b.Value.(*scope))
		}
	})
	return seen
}

// inside reports whether the goroutine's creator is in a transaction that had begun at the first
// look.
func (db *DB) inside(seen *sighting) bool {
	if s := seen.scope.Value(); s.inTx() && s.state.Load() == open {
		return true
	}
	s := db.scopeOf(seen.creator)
	return s.inTx() && s.tx.number <= seen.begun
}

func (db *DB) notSet() (e *gls.NotSetError) {
	_, err := db.current.Lookup()
	errors.As(err, &e)
	return e
}
