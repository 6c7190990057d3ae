// Traces prints the text of all its goroutines. The fixtures beside it are what it printed:
//
//	GOTOOLCHAIN=go1.26.8 go run -trimpath ./testdata/traces >testdata/traces/go1.26.txt
//
// those of Go 1.27 with GODEBUG=tracebacklabels=1, and the files that end in _ancestors with tracebackancestors=10.
package main

import (
	"context"
	"os"
	"runtime"
	"runtime/pprof"
	"sync"
	"time"
)

type server struct{ wake chan bool }

func (s *server) loop() { <-s.wake }

func deep(n int) {
	if n > 0 {
		deep(n - 1)
	}
	select {}
}

func main() {
	runtime.GOMAXPROCS(1)
	s := &server{make(chan bool)}
	go s.loop()

	go deep(200)

	var mu sync.Mutex
	mu.Lock()
	gone := make(chan bool)
	go func() {
		go func() {
			pprof.Do(context.Background(), pprof.Labels("a", "]\n\ngoroutine 9 [x]:"), func(context.Context) {
				mu.Lock()
			})
		}()
		gone <- true
	}()
	<-gone

	time.AfterFunc(0, func() { select {} })
	time.Sleep(100 * time.Millisecond)
	buf := make([]byte, 1<<16)
	go deep(1)              // has not begun
	go func() { *s = *s }() // nor has this one
	os.Stdout.Write(buf[:runtime.Stack(buf, true)])
}
