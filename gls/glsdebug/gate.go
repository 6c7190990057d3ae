package glsdebug

import (
	"fmt"
	"runtime"
	"time"
)

const (
	// mostGoroutines is the largest number of goroutines with which a client may make the runtime
	// stop the program for the text of all stacks: for 140 ms then, see surveyEach.
	mostGoroutines = 10_000

	// mostText is the number of bytes of that text that are read for one stack. 10,000 goroutines
	// of usual depth fill a third of it.
	mostText = 32 << 20

	// patience is the time that a client waits for its turn.
	patience = 250 * time.Millisecond

	// gateShare limits the time for which clients may stop the program to one part in gateShare.
	gateShare = 10
)

// A gate lets one client at a time ask the runtime for the stacks of all goroutines.
type gate struct {
	turn chan struct{} // holds an element while a client has the turn
	free time.Time     // when the next turn may begin; used by the client that has the turn
}

var asking = gate{turn: make(chan struct{}, 1)}

// enter takes the turn, until leave is called. If there is none, leave is nil, why is the reason,
// and retry is the time after which the client may ask again, 0 if the program has too many
// goroutines.
func (g *gate) enter() (leave func(), why string, retry time.Duration) {
	if n := runtime.NumGoroutine(); n > mostGoroutines {
		return nil, fmt.Sprintf("the program has %d goroutines, and the runtime would stop it for about %v to tell: this "+
			"page asks with at most %d", n, pause(n), mostGoroutines), 0
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case g.turn <- struct{}{}:
	case <-timer.C:
		return nil, "another client has the runtime asked: one at a time", time.Second
	}
	if wait := time.Until(g.free); wait > patience {
		<-g.turn
		return nil, "the runtime has just been asked, and the program goes on for a while", wait
	} else if wait > 0 {
		time.Sleep(wait)
	}
	return func() {
		g.free = time.Now().Add((gateShare - 1) * pause(runtime.NumGoroutine()))
		<-g.turn
	}, "", 0
}

// pause returns about how long the runtime stops a program to tell about its goroutines.
func pause(goroutines int) time.Duration {
	return (time.Duration(goroutines) * surveyEach).Round(time.Millisecond)
}
