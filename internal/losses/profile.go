package losses

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/ambient-go/ambient/internal/goroutine"
)

// A Loss counts the losses of one storage at one go statement.
type Loss struct {
	Storage  string // the storage's name in quotes, or its type if it has none
	Type     string // of the storage's values
	Function string // the function with the go statement
	Position string // file:line of the go statement
	Read     goroutine.Frame
	Count    int       // the number of reads that missed the value
	Last     time.Time // the time of the last such read
}

// A Profile counts losses. The zero Profile is empty. It is safe for concurrent use.
type Profile struct {
	mu     sync.Mutex // guards losses; a leaf
	losses map[spot]*Loss
}

type spot struct{ storage, typ, function, position string }

// mostSpots is the number of spots that a profile keeps apart. Losses at others are not counted.
const mostSpots = 1000

// Add counts a loss.
func (p *Profile) Add(e Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	at := spot{e.Storage, e.Type, e.At.Function, e.At.Position}
	l := p.losses[at]
	if l == nil {
		if len(p.losses) >= mostSpots {
			return
		}
		if p.losses == nil {
			p.losses = make(map[spot]*Loss)
		}
		l = &Loss{Storage: e.Storage, Type: e.Type, Function: e.At.Function, Position: e.At.Position, Read: e.Read}
		p.losses[at] = l
	}
	l.Count++
	l.Last = time.Now()
}

// List returns the losses, the most frequent first.
func (p *Profile) List() []Loss {
	p.mu.Lock()
	defer p.mu.Unlock()
	list := make([]Loss, 0, len(p.losses))
	for _, l := range p.losses {
		list = append(list, *l)
	}
	slices.SortFunc(list, func(a, b Loss) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Position, b.Position), cmp.Compare(a.Storage, b.Storage))
	})
	return list
}

// Reset forgets all losses.
func (p *Profile) Reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.losses = nil
}
