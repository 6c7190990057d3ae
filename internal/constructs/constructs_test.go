package constructs_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/internal/constructs"
)

func TestOfKnowsWhoStartedAGoroutine(t *testing.T) {
	for creator, want := range map[string]string{
		"sync.(*WaitGroup).Go":                                       "sync.WaitGroup.Go",
		"golang.org/x/sync/errgroup.(*Group).Go":                     "errgroup.Group.Go",
		"golang.org/x/sync/errgroup.(*Group).TryGo":                  "errgroup.Group.Go",
		"iter.Pull[...]":                                             "iter.Pull",
		"iter.Pull2[...]":                                            "iter.Pull",
		"context.(*afterFuncCtx).cancel.func1":                       "context.AfterFunc",
		"testing.(*T).Run":                                           "t.Run",
		"net/http.(*Server).Serve":                                   "http.Server",
		"net/http.(*Transport).dialConn":                             "httptrace",
		"net/http.(*Transport).startDialConnForLocked":               "http.Transport",
		"github.com/panjf2000/ants/v2.(*goWorker).run":               "a pool of ants",
		"github.com/sourcegraph/conc.(*WaitGroup).Go":                "a group of conc",
		"github.com/samber/lo/parallel.ForEach[...]":                 "lo",
		"github.com/valyala/fasthttp.TimeoutWithCodeHandler.func1":   "fasthttp.TimeoutHandler",
		"github.com/gofiber/fiber/v2/middleware/timeout.New.func1":   "fiber's timeout.New",
		"github.com/gofiber/fiber/v2/middleware/timeout.New.func1.1": "fiber's timeout.New",
		"github.com/gofiber/fiber/v3/middleware/timeout.New.func1":   "fiber's timeout.New",
		"github.com/valyala/fasthttp.(*workerPool).getCh":            "",
		"main.main":                      "",
		"sync.(*WaitGroup).Gone":         "",
		"time.goFuncs":                   "",
		"github.com/samber/logger.Start": "",
		"":                               "",
		"github.com/twmb/franz-go/pkg/kgo.NewClient":           "a client of franz-go",
		"github.com/nats-io/nats%2ego.(*Conn).subscribeLocked": "nats.Conn.Subscribe",
		"github.com/robfig/cron/v3.(*Cron).startJob":           "cron.Cron",
		"github.com/robfig/cron.(*Cron).run":                   "cron.Cron",
		"github.com/robfig/cronjobs.Run":                       "",
	} {
		c, ok := constructs.Of(creator, "")
		assert.Equal(t, want != "", ok, creator)
		if ok {
			assert.Equal(t, want, c.Name, creator)
		}
	}
}

// A closure in a function that was inlined is named after the function that it was inlined into.
func TestOfKnowsWhereAClosureIsFrom(t *testing.T) {
	for _, test := range []struct{ creator, position, want string }{
		{"main.main.TimeoutHandler.TimeoutWithCodeHandler.func4",
			"/root/go/pkg/mod/github.com/valyala/fasthttp@v1.51.0/server.go:472", "fasthttp.TimeoutHandler"},
		{"example.com/a.main.TimeoutHandler.TimeoutWithCodeHandler.func4",
			"github.com/valyala/fasthttp@v1.51.0/server.go:472", "fasthttp.TimeoutHandler"},
		{"main.main.TimeoutHandler.TimeoutWithCodeHandler.func4",
			"/a/vendor/github.com/valyala/fasthttp/server.go:472", "fasthttp.TimeoutHandler"},
		{"main.main.New.func1",
			"/mod/github.com/gofiber/fiber/v3@v3.1.0/middleware/timeout/timeout.go:44", "fiber's timeout.New"},
		{"main.main.Work.func1", "/mod/github.com/!jeffail/tunny@v0.1.4/tunny.go:1", "a pool of tunny"},
		{"main.main.Map.func1", "/mod/github.com/samber/lo@v1.2.3/parallel/map.go:1", "lo"},
		{"main.main.TimeoutWithCodeHandlers.func4", "/mod/github.com/valyala/fasthttp@v1.51.0/server.go:472", ""},
		{"main.main.TimeoutWithCodeHandler.func4", "/mod/github.com/valyala/fasthttp@v1.51.0/prefork/a.go:472", ""},
		{"main.main.TimeoutWithCodeHandler.func4", "/home/me/valyala/fasthttp/server.go:472", ""},
		{"main.main.(*WaitGroup).Go.func1", "/home/me/sync/group.go:1", ""},
		{"main.main.func1", "/mod/github.com/samber/logger@v1.2.3/a.go:1", ""},
	} {
		c, ok := constructs.Of(test.creator, test.position)
		assert.Equal(t, test.want != "", ok, test)
		if ok {
			assert.Equal(t, test.want, c.Name, test)
		}
	}
}

func TestEveryConstructIsComplete(t *testing.T) {
	for _, c := range constructs.All {
		assert.NotEmpty(t, c.Name)
		assert.NotEmpty(t, c.Remedy, c.Name)
		assert.NotEmpty(t, c.Creators, c.Name)
	}
}
