package glssql

import (
	"errors"
	"strings"
	"sync/atomic"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/internal/goroutine"
)

// A sighting is what is known of a goroutine that asked for a statement with nothing set, while a Run was open.
type sighting struct {
	id      uint64
	creator uint64 // who started it by a go statement that carries nothing; 0 for none
	begun   uint64 // db.begun at the first look: one with a greater number began later
}

// sightings is a direct-mapped cache from id%len to a sighting: ids that collide overwrite each other and are looked at
// again. Without it, each statement outside of a transaction would read its goroutine's stack while another goroutine is
// in one.
type sightings [512]atomic.Pointer[sighting]

// lost returns the error of a statement with nothing set if a plain go statement started this goroutine and its creator
// is in a transaction now, which may have begun after that. Nobody can tell, so the statement is refused, unless this
// goroutine has been seen before the transaction began.
func (db *DB) lost() error {
	id := goroutine.ID()
	slot := &db.seen[id%uint64(len(db.seen))]
	seen := slot.Load()
	if seen == nil || seen.id != id {
		seen = &sighting{id: id, begun: db.begun.Load()}
		if cause := db.notSet(); cause != nil && !carried(cause) {
			seen.creator = cause.Creator
		}
		slot.Store(seen)
	}
	if seen.creator == 0 {
		return nil
	}
	found, _ := db.inside.Load(seen.creator)
	if s, _ := found.(*scope); !s.inTx() || s.tx.number > seen.begun {
		return nil
	}
	cause := db.notSet()
	cause.Lost = true // with inheritance Lookup cannot know
	return &lostError{cause}
}

func (db *DB) notSet() (e *gls.NotSetError) {
	_, err := db.current.Lookup()
	errors.As(err, &e)
	return e
}

// carried reports whether the go statement is one of gls, which carried what there was: nothing.
func carried(e *gls.NotSetError) bool {
	return strings.HasPrefix(e.StartedAt, "github.com/ambient-go/ambient/gls.")
}
