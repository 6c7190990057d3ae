package main

// adviceProgram runs one row: its function asks for the user, which is set where the construct is used.
const adviceProgram = `package main

import (
	"fmt"
	"os"

	"github.com/ambient-go/ambient/gls"
)

var (
	user   = gls.New[string]("user")
	rows   = map[string]func(){}
	result = make(chan string, 100)
)

func ask() {
	v, err := user.Lookup()
	if err != nil {
		result <- "lost: " + err.Error()
		return
	}
	result <- "seen " + v
}

func work(tasks chan func()) {
	for task := range tasks {
		task()
	}
}

func main() {
	rows[os.Args[1]]()
	fmt.Println(<-result)
}
`

// A row is a program for a row of the README's table: imports, and the body of a function. Where the value is not to be
// had, the program works without, and without is what the script makes of it.
type row struct {
	imports, body string
	more          string            // declarations
	worker        bool              // the goroutine serves many: of two ways that a text offers the second is for it
	without       map[string]string // replacements that do what the text says
}

var adviceRows = map[string]row{
	"`go f()`":             {imports: "time", body: "go ask()\n\t\t" + await},
	"`sync.WaitGroup.Go`":  {imports: "sync", body: "var wg sync.WaitGroup\n\t\twg.Go(ask)\n\t\twg.Wait()"},
	"`errgroup.Group.Go`":  {imports: "golang.org/x/sync/errgroup", body: "var g errgroup.Group\n\t\tg.Go(func() error { ask(); return nil })\n\t\t_ = g.Wait()"},
	"`time.AfterFunc`":     {imports: "time", body: "time.AfterFunc(time.Millisecond, ask)"},
	"`runtime.AddCleanup`": {imports: "runtime", body: "runtime.AddCleanup(new([64]byte), func(struct{}) { ask() }, struct{}{})\n\t\truntime.GC()"},
	"`singleflight.Group.DoChan`, and what else other modules start: pools, batchers, drivers": {
		imports: "golang.org/x/sync/singleflight",
		body:    "var g singleflight.Group\n\t\t<-g.DoChan(\"Ada\", func() (any, error) { ask(); return nil, nil })",
	},
	"`t.Run`, also with `t.Parallel`": {
		imports: "testing fmt os",
		body: `os.Args = os.Args[:1]
		testing.Main(func(string, string) (bool, error) { return true, nil }, []testing.InternalTest{{
			Name: "Outer",
			F: func(t *testing.T) {
				user.Run("Ada", func() {
					t.Run("inner", func(t *testing.T) { ask(); fmt.Println(<-result) })
				})
			},
		}}, nil, nil)`,
	},
	"`iter.Pull`: the sequence's body": {
		imports: "iter",
		body:    "next, stop := iter.Pull(func(func(int) bool) { ask() })\n\t\tnext()\n\t\tstop()",
	},
	"`time.AfterFunc`, after `Reset` elsewhere": {
		imports: "time",
		body:    "timer := time.AfterFunc(time.Hour, ask)\n\t\tgo timer.Reset(time.Millisecond)",
	},
	"`context.AfterFunc`, cancelled elsewhere": {
		imports: "context",
		body:    "ctx, cancel := context.WithCancel(context.Background())\n\t\tcontext.AfterFunc(ctx, ask)\n\t\tgo cancel()",
	},
	"`context.AfterFunc`, by a deadline": {
		imports: "context time",
		body: "ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)\n\t\tcontext.AfterFunc(ctx, ask)\n\t\t" +
			"<-ctx.Done()\n\t\tcancel()",
	},
	"`signal.NotifyContext` and `context.AfterFunc`": {
		imports: "context os os/signal syscall",
		body: `ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGHUP)
		context.AfterFunc(ctx, ask)
		self, _ := os.FindProcess(os.Getpid())
		_ = self.Signal(syscall.SIGHUP)
		<-ctx.Done()
		stop()`,
	},
	"`http.TimeoutHandler`: the handler": {
		imports: "net/http net/http/httptest time",
		body: `h := http.TimeoutHandler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { ask() }), time.Minute, "")
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))`,
	},
	"`http.Server`: handlers, where `Serve` was called": {
		imports: "net/http net/http/httptest",
		body: `server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { ask() }))
		defer server.Close()
		_, _ = http.Get(server.URL)`,
	},
	"`http.Transport`: `DialContext`": {
		imports: "context net net/http net/http/httptest",
		body: `server := httptest.NewServer(http.NotFoundHandler())
		defer server.Close()
		client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			ask()
			return new(net.Dialer).DialContext(ctx, network, address)
		}}}
		ctx := context.Background()
		r, _ := http.NewRequestWithContext(ctx, "GET", server.URL, nil)
		_, _ = client.Do(r)`,
		without: map[string]string{
			"ctx := context.Background()": `v, _ := user.Get()
		ctx := context.WithValue(context.Background(), userKey{}, v)`,
			"ask()\n": `v, _ := ctx.Value(userKey{}).(string); result <- "seen " + v` + "\n",
		},
		more: "type userKey struct{}\n",
	},
	"`http.Transport`: `httptrace`'s `WroteHeaders`, `GotFirstResponseByte`, the request's body": {
		imports: "context net/http net/http/httptest net/http/httptrace",
		body: `server := httptest.NewServer(http.NotFoundHandler())
		defer server.Close()
		ctx := httptrace.WithClientTrace(context.Background(), &httptrace.ClientTrace{GotFirstResponseByte: ask})
		r, _ := http.NewRequestWithContext(ctx, "GET", server.URL, nil)
		_, _ = http.DefaultClient.Do(r)`,
	},
	"a worker of one's own: a task, while the scope that started it is open": {
		imports: "time", worker: true,
		body: "tasks := make(chan func())\n\t\tgo work(tasks)\n\t\ttasks <- ask\n\t\t" + await,
	},
	"the same, once that scope has ended": {
		imports: "time", worker: true,
		body: "tasks := make(chan func())\n\t\tuser.Run(\"Bob\", func() { go work(tasks) })\n\t\t" +
			"user.Run(\"Ada\", func() {\n\t\ttasks <- ask\n\t\t" + await + "\n\t\t})",
	},
	"the same, when it fires again": {
		imports: "time",
		body: `again := make(chan bool)
		fired := false
		timer := time.AfterFunc(time.Millisecond, func() {
			if fired {
				ask()
			}
			fired = true
			again <- true
		})
		<-again
		timer.Reset(time.Millisecond)
		<-again`,
	},
	"`database/sql`: the opener, where `sql.Open` was called": {
		imports: "context database/sql database/sql/driver errors time",
		more: `type connector struct {
	ask  func()
	user string
}

func (c *connector) Connect(context.Context) (driver.Conn, error) {
	if c.ask != nil {
		c.who()
	}
	return connection{}, nil
}

func (c *connector) who()                  { ask() }
func (c *connector) Driver() driver.Driver { return nil }

type connection struct{}

func (connection) Prepare(string) (driver.Stmt, error) { return nil, errors.ErrUnsupported }
func (connection) Begin() (driver.Tx, error)           { return nil, errors.ErrUnsupported }
func (connection) Close() error                        { return nil }
`,
		body: `c := &connector{}
		db := sql.OpenDB(c)
		db.SetMaxOpenConns(1)
		conn, _ := db.Conn(context.Background())
		c.ask = ask // for the second connection, which the opener makes for who waits
		go func() {
			if other, err := db.Conn(context.Background()); err == nil {
				_ = other.Close()
			}
		}()
		for db.Stats().WaitCount == 0 {
			time.Sleep(time.Millisecond)
		}
		_ = conn.Raw(func(any) error { return driver.ErrBadConn })`,
		without: map[string]string{
			"c := &connector{}":                "v, _ := user.Get()\n\t\tc := &connector{user: v}",
			"who()                  { ask() }": `who() { result <- "seen " + c.user }`,
		},
	},
	"`runtime.SetFinalizer`": {
		imports: "runtime",
		body:    "runtime.SetFinalizer(new([64]byte), func(*[64]byte) { ask() })\n\t\truntime.GC()",
	},
	"a callback from C, on a thread of C": {
		imports: "C",
		more: `var callback func()

func register(f func()) { callback = f }

//export adviceCallback
func adviceCallback() { callback() }
`,
		body: "register(ask)\n\t\tC.call_on_thread()",
	},
}

// await waits for the answer, while what is set is set.
const await = "for len(result) == 0 {\n\t\t\ttime.Sleep(time.Millisecond)\n\t\t}"

const adviceC = `/*
#include <pthread.h>

extern void adviceCallback(void);

static void *on_thread(void *arg) { adviceCallback(); return arg; }

static int call_on_thread(void) {
	pthread_t t;
	int err = pthread_create(&t, 0, on_thread, 0);
	return err ? err : pthread_join(t, 0);
}
*/
import "C"
`
