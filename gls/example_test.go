// The snippets of the package documentation are the first examples of this file.

package gls_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"sync"
	"time"

	"github.com/ambient-go/ambient/gls"
)

var user = gls.New[string]("user")

func greet() {
	name, ok := user.Get()
	fmt.Println("hello,", name, ok)
}

func Example() {
	user.Run("Ada", greet)
	greet()
	// Output:
	// hello, Ada true
	// hello,  false
}

func ExampleStorage_Enter() {
	handle := func() {
		defer user.Enter("Ada").Leave()
		greet()
	}
	handle()
	greet()
	// Output:
	// hello, Ada true
	// hello,  false
}

// Example_naming shows a package's storage behind the functions that it exports.
func Example_naming() {
	user.Run("Ada", func() {
		name, _ := CurrentUser()
		fmt.Println(name)
	})
	// Output: Ada
}

func CurrentUser() (string, bool) { return user.Get() }

func ExampleNewWithDefault() {
	locale := gls.NewWithDefault("locale", "en")
	value, set := locale.Get()
	fmt.Println(value, set)
	locale.Run("en", func() {
		value, set := locale.Get()
		fmt.Println(value, set)
	})
	// Output:
	// en false
	// en true
}

func ExampleStorage_Exit() {
	user.Run("Ada", func() {
		user.Exit(greet)
		greet()
	})
	// Output:
	// hello,  false
	// hello, Ada true
}

func ExampleStorage_Lookup() {
	done := make(chan error)
	user.Run("Ada", func() {
		go func() {
			_, err := user.Lookup()
			done <- err
		}()
		err := <-done

		var notSet *gls.NotSetError
		fmt.Println(errors.As(err, &notSet), errors.Is(err, gls.ErrNotSet), notSet.Lost)
		at := regexp.MustCompile(`go statement in .*/(\w+\.go):\d+\)`).ReplaceAllString(err.Error(), "go statement in $1:LINE")
		fmt.Println(regexp.MustCompile(`goroutine \d+`).ReplaceAllString(at, "goroutine N"))
	})
	// Output:
	// true true true
	// gls: storage "user" is not set on goroutine N: it is set on goroutine N, which started this one by the go statement in example_test.go:LINE: start it with gls.Go if it works for that flow alone; if it is a worker that serves many, give it each task in gls.Bind, and leave the go statement as it is
}

func ExampleRun() {
	tenant := gls.New[string]("tenant")
	gls.Run(func() {
		name, _ := user.Get()
		at, _ := tenant.Get()
		fmt.Println(name, "at", at)
	}, user.With("Ada"), tenant.With("acme"))
	// Output: Ada at acme
}

func ExampleCall() {
	length := gls.Call(user, "Ada", func() int {
		name, _ := user.Get()
		return len(name)
	})
	fmt.Println(length)
	// Output: 3
}

func ExampleGo() {
	var done sync.WaitGroup
	done.Add(1)
	user.Run("Ada", func() {
		gls.Go(func() {
			defer done.Done()
			greet()
		})
	})
	done.Wait()
	// Output: hello, Ada true
}

func ExampleWaitGroup() {
	var group gls.WaitGroup
	user.Run("Ada", func() { group.Go(greet) })
	group.Wait()
	// Output: hello, Ada true
}

func ExampleBind() {
	var onSave []func(title string)
	user.Run("Ada", func() {
		onSave = append(onSave, gls.Bind(func(title string) {
			name, _ := user.Get()
			fmt.Println(name, "saved", title)
		}))
	})
	for _, f := range onSave {
		f("Notes")
	}
	// Output: Ada saved Notes
}

// A pool's workers belong to nobody; each task brings its frame.
func ExampleCapture() {
	type task struct {
		from gls.Snapshot
		do   func()
	}
	tasks := make(chan task)
	var worker sync.WaitGroup
	worker.Go(func() {
		for t := range tasks {
			t.from.Run(t.do)
		}
	})
	for _, name := range []string{"Ada", "Grace"} {
		user.Run(name, func() { tasks <- task{gls.Capture(), greet} })
	}
	close(tasks)
	worker.Wait()
	// Output:
	// hello, Ada true
	// hello, Grace true
}

func ExampleIsolate() {
	user.Run("Ada", func() {
		gls.Isolate(greet)
	})
	// Output: hello,  false
}

func ExampleAfterFunc() {
	fired := make(chan struct{})
	user.Run("Ada", func() {
		gls.AfterFunc(time.Millisecond, func() {
			greet()
			close(fired)
		})
	})
	<-fired
	// Output: hello, Ada true
}

func ExampleRunContext() {
	type key struct{}
	ctx := context.WithValue(context.Background(), key{}, "trace 7")
	query := func() { fmt.Println(gls.Context().Value(key{})) } // takes no ctx
	gls.RunContext(ctx, query)
	// Output: trace 7
}

func ExampleStorage_Disable() {
	user.Run("Ada", func() {
		user.Disable()
		greet()
		user.Run("Grace", greet)
	})
	// Output:
	// hello,  false
	// hello, Grace true
}

// A broker's goroutine calls handle with the ctx of a message; what publish knew is in it.
func ExampleResume() {
	handle := func(ctx context.Context) { gls.Resume(ctx, greet) }

	messages := make(chan context.Context)
	var broker sync.WaitGroup
	broker.Go(func() {
		for ctx := range messages {
			handle(ctx)
		}
	})
	publish := func() { messages <- gls.NewContext(context.Background(), gls.Capture()) }
	user.Run("Ada", publish)
	user.Run("Grace", publish)
	messages <- context.Background()
	close(messages)
	broker.Wait()
	// Output:
	// hello, Ada true
	// hello, Grace true
	// hello,  false
}

func ExampleFromContext() {
	var ctx context.Context
	user.Run("Ada", func() { ctx = gls.NewContext(context.Background(), gls.Capture()) })
	if s, ok := gls.FromContext(ctx); ok {
		s.Run(greet)
	}
	// Output: hello, Ada true
}

func ExampleSnapshot_With() {
	tenant := gls.New[string]("tenant")
	report := func() {
		name, _ := user.Get()
		at, _ := tenant.Get()
		fmt.Println(name, "at", at)
	}
	user.Run("Ada", func() {
		s := gls.Capture()
		s.With(tenant.With("acme")).Run(report)
		s.With(tenant.With("globex"), user.With("Grace")).Run(report)
	})
	// Output:
	// Ada at acme
	// Grace at globex
}
