package glsasynq_test

import (
	"context"
	"fmt"

	"github.com/alicebob/miniredis/v2"
	"github.com/hibiken/asynq"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glsasynq"
	"github.com/ambient-go/ambient/gls/glswire"
)

// Both ends know this.
var (
	user  = gls.New[string]("user")
	flows = glsasynq.New(glswire.Value("user", user, glswire.String[string]()))
)

// welcome is far below a request's handler, and takes neither ctx nor user.
func welcome(client *asynq.Client) error {
	_, err := client.Enqueue(flows.NewTask("email:welcome", nil), asynq.TaskID("id-1"))
	return err
}

// greeting is far below a task's handler.
func greeting() string {
	name, _ := user.Get()
	id, _ := glsasynq.TaskID()
	return "dear " + name + ", this is " + id
}

func Example() {
	redis, err := miniredis.Run()
	if err != nil {
		panic(err)
	}
	defer redis.Close()
	client := asynq.NewClient(asynq.RedisClientOpt{Addr: redis.Addr()})
	defer client.Close()
	user.Run("Ada", func() { fmt.Println(welcome(client)) })

	sent := make(chan struct{})
	mux := asynq.NewServeMux()
	mux.Use(flows.Middleware)
	mux.HandleFunc("email:welcome", func(context.Context, *asynq.Task) error {
		fmt.Println(greeting())
		close(sent)
		return nil
	})
	server := asynq.NewServer(asynq.RedisClientOpt{Addr: redis.Addr()}, asynq.Config{LogLevel: asynq.FatalLevel})
	if err := server.Start(mux); err != nil {
		panic(err)
	}
	<-sent
	server.Shutdown()
	// Output:
	// <nil>
	// dear Ada, this is id-1
}
