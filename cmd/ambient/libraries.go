package main

import (
	"cmp"
	"encoding/json"
	"path/filepath"
	"strings"

	"golang.org/x/mod/module"
)

// A libraryRow is a library that programs use together with gls or httpctx, and the code that they
// write for it.
type libraryRow struct {
	module string // the module's path, without a major version if all versions share the row
	pkg    string // the package that a program imports, if the module has others too
	folder string // the adapter or the recipe in the repository
	write  string
	alone  string // the parts that start with nothing in a build with inheritance too, or ""
}

// libraryRows lists the libraries for which there is an adapter or a recipe. The doctor prints a
// line for each.
var libraryRows = []libraryRow{
	// The current request.
	{
		module: "github.com/gin-gonic/gin", folder: "httpctx/recipes/gin",
		write: "engine.Use(Ambient), the recipe's function, behind what replaces the request",
	},
	{
		module: "github.com/labstack/echo/v4", folder: "httpctx/recipes/echo4",
		write: "e.Use(Ambient), the recipe's function, behind what replaces the request",
	},
	{
		module: "github.com/labstack/echo/v5", folder: "httpctx/recipes/echo5",
		write: "e.Use(Ambient), the recipe's function, behind what replaces the request",
	},
	{
		module: "github.com/go-chi/chi", folder: "httpctx/recipes/chi",
		write: "router.Use(httpctx.Middleware), behind what replaces the request",
	},
	{
		module: "github.com/gorilla/mux", folder: "httpctx/recipes/mux",
		write: "router.Use(Ambient), the recipe's function, behind what replaces the request",
	},
	{
		module: "github.com/danielgtaylor/huma", folder: "httpctx/recipes/huma",
		write: "what its router needs, and api.UseMiddleware(Ambient), the recipe's function, last",
	},
	{
		module: "github.com/zeromicro/go-zero", folder: "httpctx/recipes/gozero",
		write: "server.Use(rest.ToMiddleware(httpctx.Middleware)), and rest.WithRouter(Router{router.NewRouter()}) " +
			"with the recipe's Router",
		alone: "functions of core/threading, core/mr and core/fx",
	},
	{
		module: "github.com/go-kratos/kratos", folder: "httpctx/recipes/kratos",
		write: "http.Filter(httpctx.Middleware) and http.Middleware(Ambient), the recipe's function, last",
	},
	{
		module: "github.com/gofiber/fiber/v2", folder: "httpctx/fiberv2ctx",
		write: "app.Use(fiberv2ctx.Middleware())", alone: "handlers, until Middleware",
	},
	{
		module: "github.com/gofiber/fiber/v3", folder: "httpctx/fiberctx",
		write: "app.Use(fiberctx.Middleware())", alone: "handlers, until Middleware",
	},
	{
		module: "github.com/valyala/fasthttp", folder: "httpctx/fasthttpctx",
		write: "fasthttp.ListenAndServe(addr, fasthttpctx.Middleware(handler))", alone: "handlers, until Middleware",
	},
	{
		module: "github.com/cloudwego/hertz", folder: "httpctx/hertzctx",
		write: "h.Use(hertzctx.Middleware())", alone: "handlers, until Middleware",
	},

	// Calls of other services.
	{
		module: "google.golang.org/grpc", folder: "gls/glsgrpc",
		write: "grpc.NewServer(glsgrpc.Server(opts...)...), grpc.NewClient(target, glsgrpc.Dial(opts...)...)",
		alone: "handlers, until glsgrpc, stats handlers and connections",
	},
	{
		module: "connectrpc.com/connect", folder: "httpctx/recipes/connect",
		write: "httpctx.Middleware(mux) around the mux that its handlers are in",
	},
	{
		module: "github.com/twitchtv/twirp", folder: "httpctx/recipes/twirp",
		write: "httpctx.Middleware(mux) around the mux that its servers are in",
	},
	{
		module: "github.com/99designs/gqlgen", folder: "gls/glsgqlgen",
		write: "srv.Use(glsgqlgen.Extension{})", alone: "operations over a websocket, until the extension, and dataloaders",
	},

	// Goroutines.
	{
		module: "golang.org/x/sync", pkg: "golang.org/x/sync/errgroup", folder: "gls/errgroup",
		write: `import "github.com/ambient-go/ambient/gls/errgroup" instead`,
	},
	{
		module: "golang.org/x/sync", pkg: "golang.org/x/sync/singleflight", folder: "gls/singleflight",
		write: `import "github.com/ambient-go/ambient/gls/singleflight" instead`, alone: "the function of DoChan",
	},
	{
		module: "github.com/panjf2000/ants", folder: "gls/recipes/ants",
		write: "pool.Submit(gls.Bind(task))", alone: "tasks that are not bound",
	},
	{
		module: "github.com/alitto/pond", folder: "gls/recipes/pond",
		write: "pool.Submit(gls.Bind(task))", alone: "tasks that are not bound",
	},
	{
		module: "github.com/bytedance/gopkg", pkg: "github.com/bytedance/gopkg/util/gopool", folder: "gls/recipes/gopool",
		write: "gopool.Go(gls.Bind(f))", alone: "functions that are not bound",
	},
	{
		module: "github.com/sourcegraph/conc", folder: "gls/recipes/conc",
		write: "group.Go(gls.Bind(f))", alone: "functions of pool and stream that are not bound",
	},
	{
		module: "github.com/gammazero/workerpool", folder: "gls/recipes/workerpool",
		write: "pool.Submit(gls.Bind(task))", alone: "tasks that are not bound",
	},
	{
		module: "github.com/samber/lo", folder: "gls/recipes/lo",
		write: "lo.Async(gls.Bind(f)), parallel.ForEach(elements, gls.Bind(f))", alone: "the function of Generator",
	},

	// Messages and jobs.
	{
		module: "github.com/ThreeDotsLabs/watermill", folder: "gls/glswatermill",
		write: "flow.Publisher(publisher), router.AddMiddleware(flow.Middleware), with one flow of glswatermill.New",
		alone: "handlers",
	},
	{
		module: "github.com/riverqueue/river", folder: "gls/glsriver",
		write: "flow.Middleware() in river.Config, with one flow of glsriver.New", alone: "workers",
	},
	{
		module: "github.com/hibiken/asynq", folder: "gls/glsasynq",
		write: "flow.NewTask for asynq.NewTask, mux.Use(flow.Middleware), with one flow of glsasynq.New", alone: "handlers",
	},
	{
		module: "go.temporal.io/sdk", folder: "gls/glstemporal",
		write: "the propagator and the interceptor of glstemporal.New in client.Options", alone: "workflows and activities",
	},
	{
		module: "github.com/nats-io/nats.go", folder: "gls/recipes/nats",
		write: "in the handler of Subscribe, gls.Run with the message's id around the work", alone: "handlers",
	},
	{
		module: "github.com/twmb/franz-go", folder: "gls/recipes/franzgo",
		write: "go gls.Isolate(poll), gls.Run with the record's id around the work, " +
			"client.Produce(ctx, record, gls.Bind(promise))",
		alone: "promises that are not bound, and hooks",
	},
	{
		module: "github.com/segmentio/kafka-go", folder: "gls/recipes/kafkago",
		write: "go gls.Isolate(read), gls.Run with the message's id around the work", alone: "Writer.Completion",
	},
	{
		module: "github.com/robfig/cron", folder: "gls/recipes/cron",
		write: "cron.New(cron.WithChain(Scoped)), with the recipe's function, gls.Isolate(c.Start)", alone: "jobs",
	},
	{
		module: "github.com/go-co-op/gocron", folder: "gls/recipes/gocron",
		write: "gocron.NewTask(Scoped(task)), with the recipe's function, gls.Isolate(scheduler.Start)", alone: "tasks",
	},

	// Logs and measurements.
	{
		module: "go.opentelemetry.io/otel", folder: "gls/glsotel",
		write: "otel.SetTextMapPropagator(glsotel.Propagator(...))", alone: "processors and exporters",
	},
	{module: "go.uber.org/zap", folder: "gls/glszap", write: "zap.NewProduction(glszap.WrapCore())"},
	{module: "github.com/rs/zerolog", folder: "gls/glszerolog", write: "log.Logger = log.Logger.Hook(glszerolog.Hook())"},
	{module: "github.com/sirupsen/logrus", folder: "gls/glslogrus", write: "logrus.AddHook(glslogrus.Hook())"},
	{
		module: "github.com/getsentry/sentry-go", folder: "gls/glssentry",
		write: "glssentry.CaptureException(err) for sentry.CaptureException(err)", alone: "its transport",
	},
	{
		module: "github.com/open-feature/go-sdk", folder: "gls/glsopenfeature",
		write: "openfeature.AddHooks(glsopenfeature.Hook())", alone: "handlers of its events",
	},
}

// of reports whether the row is for a module of this path.
func (l *libraryRow) of(path string) bool {
	plain, _, _ := module.SplitPathVersion(path)
	return l.module == path || l.module == plain
}

// libraries reports how to use the libraries that go.mod requires itself.
func (r *report) libraries() {
	said := map[string]bool{}
	for _, dir := range r.modules {
		text, err := output("go", "mod", "edit", "-json", filepath.Join(dir, "go.mod"))
		var mod struct {
			Require []struct {
				Path     string
				Indirect bool
			}
		}
		if err == nil {
			err = json.Unmarshal(text, &mod)
		}
		if err != nil {
			r.fault("library", "not known: %v", err)
			return
		}
		for _, required := range mod.Require {
			for i := range libraryRows {
				l := &libraryRows[i]
				name := cmp.Or(l.pkg, required.Path)
				if required.Indirect || said[name] || !l.of(required.Path) || l.pkg != "" && !r.imports[l.pkg] {
					continue
				}
				said[name] = true
				r.library(l, name)
			}
		}
	}
}

func (r *report) library(l *libraryRow, name string) {
	kind := "module"
	if strings.Contains(l.folder, "/recipes/") {
		kind = "recipe"
	}
	nothing := ""
	if r.inherited && l.alone != "" {
		nothing = "; with nothing start " + l.alone
	}
	r.line("library", "%s: %s %s: %s%s", name, kind, l.folder, l.write, nothing)
}
