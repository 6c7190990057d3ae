package constructs_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/internal/constructs"
)

func TestOfKnowsWhoStartedAGoroutine(t *testing.T) {
	for creator, want := range map[string]string{
		"sync.(*WaitGroup).Go":                         "sync.WaitGroup.Go",
		"golang.org/x/sync/errgroup.(*Group).Go":       "errgroup.Group.Go",
		"golang.org/x/sync/errgroup.(*Group).TryGo":    "errgroup.Group.Go",
		"iter.Pull[...]":                               "iter.Pull",
		"iter.Pull2[...]":                              "iter.Pull",
		"context.(*afterFuncCtx).cancel.func1":         "context.AfterFunc",
		"testing.(*T).Run":                             "t.Run",
		"net/http.(*Server).Serve":                     "http.Server",
		"net/http.(*Transport).dialConn":               "httptrace",
		"net/http.(*Transport).startDialConnForLocked": "http.Transport",
		"github.com/panjf2000/ants/v2.(*goWorker).run": "a pool of ants",
		"github.com/sourcegraph/conc.(*WaitGroup).Go":  "a group of conc",
		"github.com/samber/lo/parallel.ForEach[...]":   "lo",
		"main.main":                      "",
		"sync.(*WaitGroup).Gone":         "",
		"time.goFuncs":                   "",
		"github.com/samber/logger.Start": "",
		"":                               "",
	} {
		c, ok := constructs.Of(creator)
		assert.Equal(t, want != "", ok, creator)
		if ok {
			assert.Equal(t, want, c.Name, creator)
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
