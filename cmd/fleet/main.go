// Command fleet runs a request through five small services, each a process of its own: an edge that
// speaks HTTP, a gRPC service, the consumer of a NATS queue, a Temporal activity, and an HTTP
// service with a SQLite store. Every log line, span, message and row has the tenant, the user, the
// request's id and the trace, and no function has a ctx or a tenant as a parameter. See README.md;
// make fleet runs it.
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"go.opentelemetry.io/otel"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/ambient-go/ambient/gls/glsotel"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// A place has the addresses and the directory of a fleet.
type place struct {
	edge, orders, queue, store, shipping string // addresses
	carrier                              string // address of the third party's service, "" for none
	dir                                  string
}

// roles has the processes. Each serves until done is closed.
var roles = map[string]func(p place, done <-chan struct{}) error{
	"edge": runEdge, "orders": runOrders, "queue": runQueue,
	"worker": runWorker, "store": runStore, "shipping": runShipping,
}

func run(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("fleet", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprint(stderr, "fleet -role=edge -dir=/tmp/fleet\n\nis one process of the fleet. "+
			"Start queue, store, shipping, worker, orders and edge, each with the same flags otherwise.\n\n")
		flags.PrintDefaults()
	}
	var p place
	role := flags.String("role", "", "edge, orders, queue, worker, store or shipping, or picture, which draws a trace")
	flags.StringVar(&p.dir, "dir", "", "where log lines, spans, the queue and the store are")
	flags.StringVar(&p.edge, "edge", "127.0.0.1:7001", "address of the edge")
	flags.StringVar(&p.orders, "orders", "127.0.0.1:7002", "address of the gRPC service")
	flags.StringVar(&p.queue, "queue", "127.0.0.1:7003", "address of the NATS server")
	flags.StringVar(&p.store, "store", "127.0.0.1:7004", "address of the store")
	flags.StringVar(&p.shipping, "shipping", "127.0.0.1:7005", "address of Temporal's frontend")
	flags.StringVar(&p.carrier, "carrier", "", "address of somebody else's HTTP service that shipping tells of orders")
	if flags.Parse(args) != nil {
		return 2
	}
	serve, known := roles[*role]
	if flags.NArg() > 0 || p.dir == "" || !known && *role != "picture" {
		flags.Usage()
		return 2
	}
	var err error
	if *role == "picture" {
		err = drawOne(p.dir, stdout)
	} else {
		err = serveRole(*role, serve, p)
	}
	if err != nil {
		fmt.Fprintf(stderr, "fleet: %s: %v\n", *role, err)
		return 1
	}
	return 0
}

// serveRole sets up logs and spans and serves until a signal comes.
func serveRole(role string, serve func(place, <-chan struct{}) error, p place) error {
	files, err := openFiles(p.dir, role)
	if err != nil {
		return err
	}
	defer files.close()
	slog.SetDefault(slog.New(logs(slog.NewJSONHandler(files.lines, nil))).With("service", role))
	spans := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(&recorder{service: role, out: files.spans}))
	otel.SetTracerProvider(glsotel.TracerProvider(spans))
	otel.SetTextMapPropagator(glsotel.New(values,
		glsotel.OnError(func(err error) { slog.Error("dropped", "error", err) })))

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return serve(p, ctx.Done())
}

// serveHTTP serves until done is closed.
func serveHTTP(address string, handler http.Handler, done <-chan struct{}) error {
	server := &http.Server{Addr: address, Handler: handler, ReadHeaderTimeout: time.Minute}
	served := make(chan error, 1)
	go func() { served <- server.ListenAndServe() }()
	select {
	case err := <-served:
		return err
	case <-done:
		return server.Shutdown(context.Background())
	}
}

// drawOne draws a complete trace of the directory: the shortest of those with the fewest repeated
// messages.
func drawOne(dir string, out io.Writer) error {
	all, err := readSpans(dir)
	if err != nil {
		return err
	}
	var best []span
	for _, spans := range byTrace(all) {
		if complete(spans) && (best == nil || cmp.Or(
			cmp.Compare(len(spans), len(best)), cmp.Compare(length(spans), length(best))) < 0) {
			best = spans
		}
	}
	if best == nil {
		return fmt.Errorf("no trace in %s has gone through all services", dir)
	}
	return draw(best, out)
}

// complete reports whether the trace has been through all services and has no interrupted span.
func complete(spans []span) bool {
	var services []string
	for _, s := range spans {
		if s.End.IsZero() {
			return false
		}
		services = append(services, s.Service)
	}
	slices.Sort(services)
	return strings.Join(slices.Compact(services), " ") == "edge orders shipping store worker"
}
