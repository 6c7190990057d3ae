package realcode_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A plant is a loss that the test adds to a file of a module.
type plant struct {
	analyzer string
	module   string
	file     string
	imports  string // a package of the module
	after    string // the text after which the code is added, "" for the end of the file
	text     string
	reported string // the line that has the report
}

var plants = []plant{
	{
		analyzer: "barego", module: "github.com/prometheus/client_golang", file: "prometheus/collector.go", imports: "httpctx",
		after:    "metrics := make(chan Metric)\n\tgo func() {\n",
		text:     "if c, ok := httpctx.Get(); ok { c.Logger().Info(\"collect\") }\n",
		reported: "go func() {",
	},
	{ // the read is two calls away
		analyzer: "barego", module: "github.com/go-kit/kit", file: "sd/endpointer.go", imports: "gls",
		after:    "func (de *DefaultEndpointer) receive() {\n",
		text:     "plantedDeadline()\n",
		reported: "go se.receive()",
	},
	{ // the same, for a second worker
		analyzer: "workers", module: "github.com/go-kit/kit", file: "sd/endpointer.go", imports: "gls",
		after:    "	go se.receive()\n",
		text:     "gls.Go(se.receive)\n",
		reported: "gls.Go(se.receive)",
	},
	{
		analyzer: "shared", module: "github.com/prometheus/client_golang", file: "prometheus/histogram.go", imports: "gls",
		text: `
var (
	plantedTenant = gls.New[string]("tenant")
	plantedLabels sync.Map
)

func plantedLabel() string { return "tenant " + plantedTenant.GetOrFail() }

func plantedLabelOf(metric string) any {
	label, _ := plantedLabels.LoadOrStore(metric, plantedLabel())
	return label
}
`,
		reported: "label, _ := plantedLabels.LoadOrStore(metric, plantedLabel())",
	},
	{
		analyzer: "yields", module: "github.com/labstack/echo/v4", file: "router.go", imports: "gls",
		text: `
var plantedUser = gls.New[string]("user")

func (r *Router) plantedRoutes(yield func(*Route) bool) {
	defer plantedUser.Enter("system").Leave()
	for _, route := range r.routes {
		if !yield(route) {
			return
		}
	}
}
`,
		reported: "if !yield(route) {",
	},
	{
		analyzer: "unbound", module: "github.com/go-chi/chi/v5", file: "middleware/timeout.go", imports: "httpctx",
		after:    "ctx, cancel := context.WithTimeout(r.Context(), timeout)\n",
		text:     "context.AfterFunc(ctx, func() { httpctx.GetOrFail().Logger().Warn(\"timeout\") })\n",
		reported: "context.AfterFunc(ctx, func() { httpctx.GetOrFail().Logger().Warn(\"timeout\") })",
	},
	{
		analyzer: "unbound", module: "github.com/labstack/echo/v4", file: "middleware/rate_limiter.go", imports: "httpctx",
		after:    "Allow(identifier string) (bool, error) {\n",
		text:     "time.AfterFunc(time.Minute, planted)\n",
		reported: "time.AfterFunc(time.Minute, planted)",
	},
	{
		analyzer: "toplevel", module: "github.com/gin-gonic/gin", file: "mode.go", imports: "httpctx",
		after:    "mode := os.Getenv(EnvGinMode)\n",
		text:     "if c, ok := httpctx.Get(); ok { mode = c.ID() }\n",
		reported: "if c, ok := httpctx.Get(); ok { mode = c.ID() }",
	},
	{
		analyzer: "outlives", module: "github.com/labstack/echo/v4", file: "middleware/request_id.go", imports: "httpctx",
		after:    "res := c.Response()\n",
		text:     "plantedLast = httpctx.GetOrFail().Request()\n",
		reported: "plantedLast = httpctx.GetOrFail().Request()",
	},
	{
		analyzer: "outlives", module: "github.com/gin-gonic/gin", file: "gin.go", imports: "httpctx",
		after:    "engine.pool.Put(c)\n",
		text:     "engine.pool.Put(httpctx.GetOrFail())\n",
		reported: "engine.pool.Put(httpctx.GetOrFail())",
	},
	{
		analyzer: "pooled", module: "github.com/gin-gonic/gin", file: "context.go", imports: "gls",
		text:     "\nvar plantedCurrent = gls.New[*Context](\"current\")\n",
		reported: "var plantedCurrent = gls.New[*Context](\"current\")",
	},
	{
		analyzer: "afterrequest", module: "github.com/go-kit/kit", file: "endpoint/endpoint.go", imports: "httpctx",
		text: `
type plantedBus struct{}

func (plantedBus) Subscribe(topic string, f func()) {}

func plantedSubscriber(b plantedBus) {
	b.Subscribe("called", func() { httpctx.GetOrFail().Logger().Info("called") })
}
`,
		reported: `b.Subscribe("called", func() { httpctx.GetOrFail().Logger().Info("called") })`,
	},
	{ // both early returns skip Leave
		analyzer: "leave", module: "github.com/go-kit/kit", file: "transport/http/server.go", imports: "gls",
		after:    "func (s Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {\n",
		text:     "scope := plantedHost.Enter(r.Host)\n",
		reported: "scope := plantedHost.Enter(r.Host)",
	},
	{
		analyzer: "silent", module: "github.com/go-chi/chi/v5", file: "mux.go", imports: "httpctx",
		text: `
var plantedClient = &http.Client{Transport: httpctx.Transport(nil)}

func plantedOrder(w http.ResponseWriter, r *http.Request) {
	go plantedClient.Get("http://example.com")
}
`,
		reported: `go plantedClient.Get("http://example.com")`,
	},
	{
		analyzer: "sqltx", module: "github.com/prometheus/client_golang", imports: "gls/glssql",
		file: "prometheus/collectors/dbstats_collector.go",
		text: `
func plantedSave(pool *sql.DB) error {
	db := glssql.New(pool)
	return db.Run(nil, nil, func() error {
		_, err := pool.Exec("INSERT INTO stats VALUES (1)")
		return err
	})
}
`,
		reported: `_, err := pool.Exec("INSERT INTO stats VALUES (1)")`,
	},
	{ // the TimeoutHandler is two functions away
		analyzer: "timeout", module: "github.com/prometheus/client_golang", file: "prometheus/promhttp/http.go", imports: "httpctx",
		text: `
func plantedHandler(reg prometheus.Gatherer, opts HandlerOpts) http.Handler {
	return httpctx.Middleware(HandlerFor(reg, opts))
}
`,
		reported: "return httpctx.Middleware(HandlerFor(reg, opts))",
	},
}

// rest is added to the end of files: declarations that the plants refer to.
var rest = map[string]string{
	"sd/endpointer.go":           "\nfunc plantedDeadline() { _, _ = gls.Context().Deadline() }\n",
	"middleware/rate_limiter.go": "\nfunc planted() { _, _ = httpctx.Lookup() }\n",
	"middleware/request_id.go":   "\nvar plantedLast any\n",
	"transport/http/server.go":   "\nvar plantedHost = gls.New[string](\"host\")\n",
}

var packageClause = regexp.MustCompile(`(?m)^package \w+$`)

// plantIn adds a plant to a copied file.
func plantIn(t *testing.T, name string, p plant) {
	t.Helper()
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	source := string(text)
	if p.after == "" {
		source += p.text
	} else {
		require.Equal(t, 1, strings.Count(source, p.after), "%s in %s", p.after, name)
		source = strings.Replace(source, p.after, p.after+p.text, 1)
	}
	if text := rest[p.file]; !strings.Contains(source, text) {
		source += text
	}
	if p.analyzer == "leave" {
		const end = "if err := s.enc(ctx, w, response); err != nil {"
		require.Contains(t, source, end)
		source = strings.Replace(source, end, "scope.Leave()\n"+end, 1)
	}
	clause := packageClause.FindString(source)
	require.NotEmpty(t, clause)
	if spec := "import \"github.com/ambient-go/ambient/" + p.imports + "\""; !strings.Contains(source, spec) {
		source = strings.Replace(source, clause, clause+"\n\n"+spec, 1)
	}
	require.NoError(t, os.WriteFile(name, []byte(source), 0o600))
}

// importLibrary makes every package of a copied module import gls and httpctx.
func importLibrary(t *testing.T, dir string) {
	t.Helper()
	done := map[string]bool{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		clause := packageClause.FindString(string(text))
		if folder := filepath.Dir(path); clause == "" || done[folder] || bytes.Contains(text, []byte("//go:build")) {
			return nil
		}
		done[filepath.Dir(path)] = true
		const imports = "\n\nimport (\n\t_ \"github.com/ambient-go/ambient/gls\"\n\t_ \"github.com/ambient-go/ambient/httpctx\"\n)"
		return os.WriteFile(path, bytes.Replace(text, []byte(clause), []byte(clause+imports), 1), 0o600)
	}))
}

// copyModule copies a module's Go files, which are read-only in the module cache. One of the
// modules states a Go release without generics, in which no storage could be declared, so the copy
// states a newer one.
func copyModule(t *testing.T, from, to string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		switch name := d.Name(); {
		case d.IsDir() && (name == "testdata" || strings.HasPrefix(name, "_")):
			return filepath.SkipDir
		case d.IsDir():
			return os.MkdirAll(filepath.Join(to, rel), 0o750)
		case !strings.HasSuffix(name, ".go") && name != "go.mod", strings.HasSuffix(name, "_test.go"):
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if rel == "go.mod" {
			text = bytes.Replace(text, []byte("\ngo 1.17\n"), []byte("\ngo 1.18\n"), 1)
		}
		return os.WriteFile(filepath.Join(to, rel), text, 0o600)
	}))
}
