package main

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/propagation"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/opentelemetry"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glstemporal"
)

var silent = log.NewStructuredLogger(slog.New(slog.DiscardHandler))

// tracing returns the interceptor that makes spans of workflows and activities. It propagates the
// trace alone; package glstemporal propagates the values.
func tracing() (interceptor.Interceptor, error) {
	return opentelemetry.NewTracingInterceptor(opentelemetry.TracerOptions{
		Tracer: otel.Tracer("temporal"), TextMapPropagator: propagation.TraceContext{},
	})
}

// A shippingClient starts workflows.
type shippingClient struct{ client client.Client }

func dialShipping(address string) (*shippingClient, error) {
	traced, err := tracing()
	if err != nil {
		return nil, err
	}
	c, err := client.NewLazyClient(workflows.Options(client.Options{
		HostPort: address, Logger: silent, Interceptors: []interceptor.ClientInterceptor{traced},
	}))
	return &shippingClient{c}, err
}

func (c *shippingClient) close() { c.client.Close() }

// ship starts the workflow for an order of the current flow.
func (c *shippingClient) ship(goods string) error {
	_, err := c.client.ExecuteWorkflow(gls.Context(),
		client.StartWorkflowOptions{ID: orderID(), TaskQueue: "shipping"}, "ship", goods)
	return err
}

// runShipping serves the clients that start workflows.
func runShipping(p place, done <-chan struct{}) error {
	traced, err := tracing()
	if err != nil {
		return err
	}
	server := grpc.NewServer()
	workflowservice.RegisterWorkflowServiceServer(server, &frontend{
		// The values' interceptor is the outer one, so that the spans of the other have the
		// identity.
		interceptors: []interceptor.WorkerInterceptor{workflows.Interceptor(), traced, glstemporal.ActivityContext()},
		activities:   &activities{store: newStoreClient(p), carrier: newPoster(p.carrier, p), booked: p.carrier != ""},
	})
	return serveGRPC(p.shipping, server, done)
}

// A frontend stands for a Temporal server and its worker. It runs each workflow in the SDK's test
// environment before it answers; a real server would store the workflow and answer.
type frontend struct {
	workflowservice.UnimplementedWorkflowServiceServer

	interceptors []interceptor.WorkerInterceptor
	activities   *activities
}

// GetSystemInfo has a ctx because grpc's interface has one.
func (*frontend) GetSystemInfo(context.Context, *workflowservice.GetSystemInfoRequest,
) (*workflowservice.GetSystemInfoResponse, error) {
	none := &workflowservice.GetSystemInfoResponse_Capabilities{}
	return &workflowservice.GetSystemInfoResponse{Capabilities: none}, nil
}

// StartWorkflowExecution has a ctx because grpc's interface has one.
func (f *frontend) StartWorkflowExecution(_ context.Context, r *workflowservice.StartWorkflowExecutionRequest,
) (*workflowservice.StartWorkflowExecutionResponse, error) {
	var goods string
	if err := converter.GetDefaultDataConverter().FromPayloads(r.GetInput(), &goods); err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(silent)
	env := suite.NewTestWorkflowEnvironment()
	env.SetTestTimeout(time.Minute)
	env.SetContextPropagators([]workflow.ContextPropagator{workflows.Propagator()})
	env.SetWorkerOptions(worker.Options{Interceptors: f.interceptors, DeadlockDetectionTimeout: time.Minute})
	env.SetStartWorkflowOptions(client.StartWorkflowOptions{ID: r.GetWorkflowId()})
	env.SetHeader(r.GetHeader())
	env.RegisterActivity(f.activities)
	env.ExecuteWorkflow(ship, goods)
	if err := env.GetWorkflowError(); err != nil {
		return nil, status.Error(codes.FailedPrecondition, err.Error()) // clients do not retry this code
	}
	return &workflowservice.StartWorkflowExecutionResponse{RunId: "run"}, nil
}

// ship is the workflow.
func ship(ctx workflow.Context, goods string) error {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: time.Minute, RetryPolicy: &temporal.RetryPolicy{MaximumAttempts: 1},
	})
	var a *activities
	return workflow.ExecuteActivity(ctx, a.Book, goods).Get(ctx, nil)
}

type activities struct {
	store, carrier *poster
	booked         bool // the carrier has accepted the parcel
}

// Book is the activity. The ambient context has the span that the SDK's interceptor has started.
func (a *activities) Book(goods string) error {
	return work("ship", goods, func() error { return a.book(goods) })
}

// book calls the carrier, a third party, and the store.
func (a *activities) book(goods string) error {
	var err error
	if a.booked {
		err = a.carrier.save("parcels", goods)
	}
	return errors.Join(err, a.store.save("shipments", goods))
}
