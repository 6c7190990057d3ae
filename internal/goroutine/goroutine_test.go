package goroutine_test

import (
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/petermattis/goid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/internal/goroutine"
	"github.com/ambient-go/ambient/internal/testexec"
)

func TestIDIsTheOneInTheStackText(t *testing.T) {
	var wg sync.WaitGroup
	var seen sync.Map
	for range 200 {
		wg.Go(func() {
			id := goroutine.ID()
			assert.Equal(t, goroutine.SlowID(), id)
			_, twice := seen.LoadOrStore(id, true)
			assert.False(t, twice)
			runtime.Gosched()
			assert.Equal(t, id, goroutine.ID())
		})
	}
	wg.Wait()
}

func TestIDIsReadTheFastWayHere(t *testing.T) {
	if runtime.GOARCH == "wasm" || !goroutine.Fast() && os.Getenv("AMBIENT_EXPECT_SLOW") != "" {
		t.Skip("the slow way is expected")
	}
	require.True(t, goroutine.Fast(), "goid reads wrong ids on %s %s", runtime.Version(), runtime.GOARCH)
}

func TestIDAllocatesNothing(t *testing.T) {
	assert.Zero(t, testing.AllocsPerRun(100, func() { goroutine.ID() }))
	assert.Zero(t, testing.AllocsPerRun(100, func() { goroutine.SlowID() }))
}

// Each reader stands for what a library returns after runtime.g has changed under it.
func TestStartUpCheckRefusesWrongIDs(t *testing.T) {
	var counter, caller atomic.Int64
	main := goid.Get()
	for name, read := range map[string]func() int64{
		"a constant (goid #63 gave 2 to everyone)": func() int64 { return 2 },
		"zero":                     func() int64 { return 0 },
		"the id of another":        func() int64 { return main },
		"a counter":                func() int64 { return counter.Add(1) },
		"negative":                 func() int64 { return -goid.Get() },
		"off by one":               func() int64 { return goid.Get() + 1 },
		"right for a while":        func() int64 { return goid.Get() + counter.Add(1)/25 },
		"right on the caller only": func() int64 { return caller.Load() },
	} {
		t.Run(name, func(t *testing.T) {
			counter.Store(0)
			caller.Store(goid.Get()) // ids do not grow from goroutine to goroutine: each P has a batch of them
			assert.False(t, goroutine.Trustworthy(read))
		})
	}
	assert.True(t, goroutine.Trustworthy(goid.Get))
	assert.True(t, goroutine.Trustworthy(func() int64 { return int64(goroutine.SlowID()) }))
}

func TestOriginFixtures(t *testing.T) {
	cases := map[string]goroutine.Origin{
		"main":      {},
		"plain":     {Creator: 1, Function: "main.main", Position: "example.com/fx/main.go:39"},
		"method":    {Creator: 1, Function: "main.(*server[...]).serve", Position: "example.com/fx/main.go:15"},
		"deep":      {Creator: 1, Function: "main.main", Position: "example.com/fx/main.go:45"},
		"labels":    {Creator: 1, Function: "main.main.func3", Position: "example.com/fx/main.go:52"},
		"waitgroup": {Creator: 1, Function: "sync.(*WaitGroup).Go", Position: "sync/waitgroup.go:237"},
	}
	files, err := filepath.Glob("testdata/go1.*.txt")
	require.NoError(t, err)
	require.Len(t, files, 3*len(cases))
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			_, name, _ := strings.Cut(strings.TrimSuffix(filepath.Base(file), ".txt"), "_")
			want := cases[name]
			if name == "waitgroup" && !strings.Contains(file, "go1.25") {
				want.Position = "sync/waitgroup.go:238" // a line moved in Go 1.26
			}
			assert.Equal(t, want, goroutine.ParseOrigin(text))

			id, ok := goroutine.ParseID(text)
			assert.True(t, ok)
			assert.Equal(t, map[uint64]struct{}{id: {}}, goroutine.ParseLive(text), "one header, whatever labels say")
		})
	}
}

func TestOriginOfOddTexts(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want goroutine.Origin
	}{
		"empty":            {"", goroutine.Origin{}},
		"cut off":          {"goroutine 5 [running]:\nmain.f()\n\t/a.go:1 +0x1\ncreated by main.g", goroutine.Origin{}},
		"no number":        {"\ncreated by main.g in goroutine x\n\t/a.go:1 +0x1\n", goroutine.Origin{}},
		"no creator id":    {"\ncreated by main.g\n\t/a.go:1 +0x1\n", goroutine.Origin{}},
		"spaces in path":   {"\ncreated by m.g in goroutine 3\n\t/a b/c +0x/d.go:7 +0x1\n", goroutine.Origin{Creator: 3, Function: "m.g", Position: "/a b/c +0x/d.go:7"}},
		"no offset":        {"\ncreated by m.g in goroutine 3\n\t/a.go:7\n", goroutine.Origin{Creator: 3, Function: "m.g", Position: "/a.go:7"}},
		"another one near": {"\ncreated by m.a in goroutine 2\n\t/a.go:7\n\ncreated by m.b in goroutine 3\n\t/b.go:8 +0x1\n", goroutine.Origin{Creator: 3, Function: "m.b", Position: "/b.go:8"}},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, c.want, goroutine.ParseOrigin([]byte(c.text)))
		})
	}
}

func TestStartedNamesTheGoStatement(t *testing.T) {
	creator := goroutine.ID()
	origin := make(chan goroutine.Origin)
	_, file, line, _ := runtime.Caller(0)
	go func() { origin <- goroutine.Started() }()
	got := <-origin
	assert.Equal(t, creator, got.Creator)
	assert.Equal(t, "github.com/ambient-go/ambient/internal/goroutine_test.TestStartedNamesTheGoStatement", got.Function)
	assert.Equal(t, file+":"+strconv.Itoa(line+1), got.Position)
}

func TestLiveHasTheLivingAndNotTheDead(t *testing.T) {
	dead := make(chan uint64)
	go func() { dead <- goroutine.ID() }()
	gone := <-dead

	const n = 3000 // more text than the first buffer of any one goroutine
	ids, release := make(chan uint64, n), make(chan struct{})
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			ids <- goroutine.ID()
			<-release
		})
	}
	var living []uint64
	for range n {
		living = append(living, <-ids)
	}
	assert.Eventually(t, func() bool {
		_, alive := goroutine.Live()[gone]
		return !alive
	}, 5e9, 1e6)
	live := goroutine.Live()
	for _, id := range append(living, goroutine.ID()) {
		assert.Contains(t, live, id)
	}
	close(release)
	wg.Wait()
}

// Whoever asks first, in a build with inheritance too, where nothing else asks whether the fast way works: the text of a
// deep stack takes milliseconds.
func TestTheFirstIDFindsOutHowToReadIDs(t *testing.T) {
	const variable = "AMBIENT_TEST_FIRST_ID"
	if os.Getenv(variable) == "" { // other tests ask, too: a process of its own
		cmd := testexec.Command("-test.run=^TestTheFirstIDFindsOutHowToReadIDs$", "-test.timeout=50s")
		cmd.Env = append(os.Environ(), variable+"=1")
		text, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", text)
		return
	}
	assert.False(t, goroutine.ReadsFast())
	assert.NotZero(t, goroutine.ID())
	found := goroutine.ReadsFast()
	assert.Equal(t, goroutine.Fast(), found)
}
