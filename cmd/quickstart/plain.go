package main

import (
	"log"
	"sync"
	"time"

	"github.com/ambient-go/ambient/cmd/quickstart/internal/current"
	"github.com/ambient-go/ambient/cmd/quickstart/internal/user"
	"github.com/ambient-go/ambient/gls"
)

var users = []current.User{{ID: 1}, {ID: 2}, {ID: 3}}

// plain shows each way in which a value travels. Package user writes each line.
func plain(out *log.Logger) {
	goroutines(out)
	workerPool(out)
	timers(out)
	callbacks(out)
	logLines()
	plainGo(out)
}

// describe prints the user that the service finds, and the way in which the user came to it.
func describe(out *log.Logger, way string) {
	line, err := user.Describe()
	if err != nil {
		line = "There is no user"
	}
	out.Print(line, way)
	if err != nil {
		out.Print("  ", err)
	}
}

// goroutines starts three flows at once. Each goroutine that they start keeps its user, also after
// Run has returned.
func goroutines(out *log.Logger) {
	var flows sync.WaitGroup
	for _, u := range users {
		current.Run(u, func() {
			flows.Add(1)
			gls.Go(func() {
				defer flows.Done()
				time.Sleep(100 * time.Millisecond)
				describe(out, "")
			})
		})
	}
	flows.Wait()
}

// A task is work for a pool, with the frame of the code that submitted it.
type task struct {
	snapshot gls.Snapshot
	fn       func()
}

// workerPool lets two workers serve three users. The workers start before any user is set.
func workerPool(out *log.Logger) {
	var workers sync.WaitGroup
	tasks := make(chan task)
	for range 2 {
		workers.Go(func() {
			for t := range tasks {
				t.snapshot.Run(t.fn)
			}
		})
	}
	for _, u := range users {
		current.Run(u, func() {
			tasks <- task{gls.Capture(), func() { describe(out, ", in a worker pool: gls.Capture with each task") }}
		})
	}
	close(tasks)
	workers.Wait()
}

// timers shows functions that the runtime calls on goroutines of its own.
func timers(out *log.Logger) {
	var fired sync.WaitGroup
	for _, u := range users {
		current.Run(u, func() {
			fired.Add(1)
			gls.AfterFunc(time.Millisecond, func() {
				defer fired.Done()
				describe(out, ", in a timer: gls.AfterFunc")
			})
		})
	}
	fired.Wait()
}

// callbacks shows functions that other code calls later, one after the other.
func callbacks(out *log.Logger) {
	var onEvent []func()
	for _, u := range users {
		current.Run(u, func() {
			onEvent = append(onEvent, gls.Bind(func() { describe(out, ", in a callback: gls.Bind") }))
		})
	}
	for _, callback := range onEvent {
		callback()
	}
}

// logLines logs a line. The line has the user, which current.Run added with glslog.With.
func logLines() {
	for _, u := range users {
		current.Run(u, user.Work)
	}
}

// plainGo starts a goroutine with a go statement. In a program that go build made it has no user,
// and the error of Lookup names the statement; in one that ambient build made it has the user.
func plainGo(out *log.Logger) {
	way := ", after a plain go statement"
	if gls.Propagation() == gls.Inherited {
		way = ", after a plain go statement: goroutines inherit in this build"
	}
	current.Run(users[0], func() {
		done := make(chan struct{})
		//ambient:detached it shows what a plain go statement loses
		go func() {
			defer close(done)
			describe(out, way)
		}()
		<-done
	})
}
