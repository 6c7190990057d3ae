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

// plain shows each way in which a value travels. Every line is one that package user wrote.
func plain(out *log.Logger) {
	goroutines(out)
	workerPool(out)
	timers(out)
	callbacks(out)
	logLines()
	plainGo(out)
}

// describe prints what the service finds, and which way the user came to it.
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

// goroutines starts three flows at once. Each has its user on the goroutine that it starts, after Run has returned too.
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

// A task is work for a pool, with what was in force where it was submitted.
type task struct {
	snapshot gls.Snapshot
	fn       func()
}

// workerPool lets two workers serve three users. The workers have started before there is a user.
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

// timers fire on goroutines of the runtime.
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

// callbacks are called later, one after the other, by whoever has the event.
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

// logLines has work done that logs a line. Nobody hands it the user, who is on the line: by glslog.With in current.Run.
func logLines() {
	for _, u := range users {
		current.Run(u, user.Work)
	}
}

// plainGo starts a goroutine by a go statement. Whether it has the user depends on how the program was built; where it
// has none, the error of Lookup names the statement.
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
