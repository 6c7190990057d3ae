package glstemporal_test

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glstemporal"
	"github.com/ambient-go/ambient/gls/glswire"
)

// Both ends know this.
var (
	user  = gls.New[string]("user")
	flows = glstemporal.New(glswire.Value("user", user, glswire.String[string]()))
)

func order(ctx workflow.Context) (sent string, err error) {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
	err = workflow.ExecuteActivity(ctx, ship).Get(ctx, &sent)
	return sent, err
}

func ship(context.Context) (string, error) { return label(), nil }

// label is far below an activity, and takes neither ctx nor user.
func label() string {
	name, _ := user.Get()
	return "shipped to " + name
}

// A header stands for that of a request to the server.
type header map[string]*common.Payload

func (h header) Set(key string, p *common.Payload) { h[key] = p }

// With a server it is client.Dial(flows.Options(client.Options{})). Here is the SDK's test environment in its place.
func Example() {
	options := flows.Options(client.Options{})
	started := make(header)
	user.Run("Ada", func() { _ = options.ContextPropagators[0].Inject(context.Background(), started) })

	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env := suite.NewTestWorkflowEnvironment()
	env.SetContextPropagators(options.ContextPropagators)
	env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{flows.Interceptor()}})
	env.SetHeader(&common.Header{Fields: started})
	env.RegisterActivity(ship)
	env.ExecuteWorkflow(order)
	var sent string
	fmt.Println(env.GetWorkflowResult(&sent), sent)
	// Output:
	// <nil> shipped to Ada
}
