package main

import (
	"encoding/json"
	"path/filepath"
	"strings"

	"golang.org/x/mod/module"
)

// A libraryRow is a library that programs use together with gls or httpctx, and the code that they
// write for it.
type libraryRow struct {
	path   string // a module, without the major version if all versions share the row, or a package
	folder string // the adapter or the recipe in the repository
	write  string
	alone  string // the parts that start with nothing in a build with inheritance, "" for none
}

// libraryRows lists the libraries for which there is an adapter or a recipe. The doctor prints a
// line for each.
var libraryRows = []libraryRow{
	// The current request.
	{"github.com/gin-gonic/gin", "httpctx/recipes/gin",
		"engine.Use(Ambient), the recipe's function, behind what replaces the request", ""},
	{"github.com/labstack/echo/v4", "httpctx/recipes/echo4",
		"e.Use(Ambient), the recipe's function, behind what replaces the request", ""},
	{"github.com/labstack/echo/v5", "httpctx/recipes/echo5",
		"e.Use(Ambient), the recipe's function, behind what replaces the request", ""},
	{"github.com/go-chi/chi", "httpctx/recipes/chi",
		"router.Use(httpctx.Middleware), behind what replaces the request", ""},
	{"github.com/gorilla/mux", "httpctx/recipes/mux",
		"router.Use(Ambient), the recipe's function, behind what replaces the request", ""},
	{"github.com/danielgtaylor/huma", "httpctx/recipes/huma",
		"what its router needs, and api.UseMiddleware(Ambient), the recipe's function, last", ""},
	{"github.com/zeromicro/go-zero", "httpctx/recipes/gozero",
		"server.Use(rest.ToMiddleware(httpctx.Middleware)), and rest.WithRouter(Router{router.NewRouter()}) with the recipe's Router",
		"functions of core/threading, core/mr and core/fx"},
	{"github.com/go-kratos/kratos", "httpctx/recipes/kratos",
		"http.Filter(httpctx.Middleware) and http.Middleware(Ambient), the recipe's function, last", ""},
	{"github.com/gofiber/fiber/v2", "httpctx/fiberv2ctx",
		"app.Use(fiberv2ctx.Middleware())", "handlers, until Middleware"},
	{"github.com/gofiber/fiber/v3", "httpctx/fiberctx",
		"app.Use(fiberctx.Middleware())", "handlers, until Middleware"},
	{"github.com/valyala/fasthttp", "httpctx/fasthttpctx",
		"fasthttp.ListenAndServe(addr, fasthttpctx.Middleware(handler))", "handlers, until Middleware"},
	{"github.com/cloudwego/hertz", "httpctx/hertzctx",
		"h.Use(hertzctx.Middleware())", "handlers, until Middleware"},

	// Calls of other services.
	{"google.golang.org/grpc", "gls/glsgrpc",
		"grpc.NewServer(glsgrpc.Server(opts...)...), grpc.NewClient(target, glsgrpc.Dial(opts...)...)",
		"handlers, until glsgrpc, stats handlers and connections"},
	{"connectrpc.com/connect", "httpctx/recipes/connect",
		"httpctx.Middleware(mux) around the mux that its handlers are in", ""},
	{"github.com/twitchtv/twirp", "httpctx/recipes/twirp",
		"httpctx.Middleware(mux) around the mux that its servers are in", ""},
	{"github.com/99designs/gqlgen", "gls/glsgqlgen",
		"srv.Use(glsgqlgen.Extension{})", "operations over a websocket, until the extension, and dataloaders"},

	// Goroutines.
	{"golang.org/x/sync/errgroup", "gls/errgroup",
		`import "github.com/ambient-go/ambient/gls/errgroup" instead`, ""},
	{"golang.org/x/sync/singleflight", "gls/singleflight",
		`import "github.com/ambient-go/ambient/gls/singleflight" instead`, "the function of DoChan"},
	{"github.com/panjf2000/ants", "gls/recipes/ants",
		"pool.Submit(gls.Bind(task))", "tasks that are not bound"},
	{"github.com/alitto/pond", "gls/recipes/pond",
		"pool.Submit(gls.Bind(task))", "tasks that are not bound"},
	{"github.com/bytedance/gopkg/util/gopool", "gls/recipes/gopool",
		"gopool.Go(gls.Bind(f))", "functions that are not bound"},
	{"github.com/sourcegraph/conc", "gls/recipes/conc",
		"group.Go(gls.Bind(f))", "functions of pool and stream that are not bound"},
	{"github.com/gammazero/workerpool", "gls/recipes/workerpool",
		"pool.Submit(gls.Bind(task))", "tasks that are not bound"},
	{"github.com/samber/lo", "gls/recipes/lo",
		"lo.Async(gls.Bind(f)), parallel.ForEach(elements, gls.Bind(f))", "the function of Generator"},

	// Messages and jobs.
	{"github.com/ThreeDotsLabs/watermill", "gls/glswatermill",
		"flow.Publisher(publisher), router.AddMiddleware(flow.Middleware), with one flow of glswatermill.New",
		"handlers"},
	{"github.com/riverqueue/river", "gls/glsriver",
		"flow.Middleware() in river.Config, with one flow of glsriver.New", "workers"},
	{"github.com/hibiken/asynq", "gls/glsasynq",
		"flow.NewTask for asynq.NewTask, mux.Use(flow.Middleware), with one flow of glsasynq.New", "handlers"},
	{"go.temporal.io/sdk", "gls/glstemporal",
		"the propagator and the interceptor of glstemporal.New in client.Options", "workflows and activities"},
	{"github.com/nats-io/nats.go", "gls/recipes/nats",
		"in the handler of Subscribe, gls.Run with the message's id around the work", "handlers"},
	{"github.com/twmb/franz-go", "gls/recipes/franzgo",
		"go gls.Isolate(poll), gls.Run with the record's id around the work, client.Produce(ctx, record, gls.Bind(promise))",
		"promises that are not bound, and hooks"},
	{"github.com/segmentio/kafka-go", "gls/recipes/kafkago",
		"go gls.Isolate(read), gls.Run with the message's id around the work", "Writer.Completion"},
	{"github.com/robfig/cron", "gls/recipes/cron",
		"cron.New(cron.WithChain(Scoped)), with the recipe's function, gls.Isolate(c.Start)", "jobs"},
	{"github.com/go-co-op/gocron", "gls/recipes/gocron",
		"gocron.NewTask(Scoped(task)), with the recipe's function, gls.Isolate(scheduler.Start)", "tasks"},

	// Logs and measurements.
	{"go.opentelemetry.io/otel", "gls/glsotel",
		"otel.SetTextMapPropagator(glsotel.Propagator(...))", "processors and exporters"},
	{"go.uber.org/zap", "gls/glszap", "zap.NewProduction(glszap.WrapCore())", ""},
	{"github.com/rs/zerolog", "gls/glszerolog",
		"log.Logger = log.Logger.Hook(glszerolog.Hook())", ""},
	{"github.com/sirupsen/logrus", "gls/glslogrus", "logrus.AddHook(glslogrus.Hook())", ""},
	{"github.com/getsentry/sentry-go", "gls/glssentry",
		"glssentry.CaptureException(err) for sentry.CaptureException(err)", "its transport"},
	{"github.com/open-feature/go-sdk", "gls/glsopenfeature",
		"openfeature.AddHooks(glsopenfeature.Hook())", "handlers of its events"},
}

// in returns the name of the library in a program that requires a module: the module's path, or the
// row's if the row is for a package that the program imports. It returns "" if the module is
// another library.
func (l libraryRow) in(required string, imports map[string]bool) string {
	plain, _, _ := module.SplitPathVersion(required)
	switch {
	case l.path == required, l.path == plain:
		return required
	case strings.HasPrefix(l.path, required+"/") && imports[l.path]:
		return l.path
	}
	return ""
}

// libraries prints the rows of the libraries that go.mod requires directly.
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
			for _, l := range libraryRows {
				name := l.in(required.Path, r.imports)
				if name == "" || required.Indirect || said[name] {
					continue
				}
				said[name] = true
				r.library(l, name)
			}
		}
	}
}

func (r *report) library(l libraryRow, name string) {
	kind := "module"
	if strings.Contains(l.folder, "/recipes/") {
		kind = "recipe"
	}
	nothing := ""
	if r.inherited && l.alone != "" {
		nothing = "; these start with nothing: " + l.alone
	}
	r.line("library", "%s: %s %s: %s%s", name, kind, l.folder, l.write, nothing)
}
