package glsasynq_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/hibiken/asynq"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glsasynq"
	"github.com/ambient-go/ambient/gls/glslog"
	"github.com/ambient-go/ambient/gls/glswire"
	"github.com/ambient-go/ambient/internal/adaptertest"
)

var (
	tenant  = gls.New[string]("tenant")
	attempt = gls.New[int]("attempt")
	private = gls.New[string]("private") // does not travel
)

var flow = glsasynq.New(
	glswire.Value("tenant", tenant, glswire.String[string]()),
	glswire.Value("attempt", attempt, glswire.Int[int]()))

func failOnError(t testing.TB) func(error) { return func(err error) { assert.NoError(t, err) } }

func set[T any](s *gls.Storage[T]) bool { _, ok := s.Get(); return ok }

// A silent logger.
type silent struct{}

func (silent) Debug(...any) {}
func (silent) Info(...any)  {}
func (silent) Warn(...any)  {}
func (silent) Error(...any) {}
func (silent) Fatal(...any) {}

// start runs a server of handler's on a Redis server in memory until the end of the test, and returns a client.
func start(t testing.TB, config asynq.Config, handler asynq.Handler) *asynq.Client {
	redis := miniredis.RunT(t)
	to := asynq.RedisClientOpt{Addr: redis.Addr()}
	config.Logger = silent{}
	config.TaskCheckInterval = 200 * time.Millisecond
	config.DelayedTaskCheckInterval = 50 * time.Millisecond
	config.RetryDelayFunc = func(int, error, *asynq.Task) time.Duration { return 0 }
	config.ShutdownTimeout = 5 * time.Second
	server := asynq.NewServer(to, config)
	require.NoError(t, server.Start(handler))
	client := asynq.NewClient(to)
	t.Cleanup(func() {
		assert.NoError(t, client.Close())
		server.Shutdown()
	})
	return client
}

func TestATaskCarriesWhatIsSetAndNamedWhereItIsMade(t *testing.T) {
	f := flow.OnError(failOnError(t))
	headers := map[string]string{"tenant": "explicit", "other": "kept"}
	gls.Run(func() {
		task := f.NewTask("type", []byte("payload"))
		assert.Equal(t, map[string]string{"tenant": "acme", "attempt": "2"}, task.Headers())
		assert.Equal(t, "type", task.Type())
		assert.Equal(t, []byte("payload"), task.Payload())

		task = f.NewTaskWithHeaders("type", nil, headers)
		assert.Equal(t, map[string]string{"tenant": "explicit", "other": "kept", "attempt": "2"}, task.Headers())
		assert.Len(t, headers, 2)
	}, tenant.With("acme"), attempt.With(2), private.With("secret"))
	assert.Empty(t, f.NewTask("type", nil).Headers())
	tenant.Run("acme", func() { assert.Empty(t, glsasynq.Flow{}.NewTask("type", nil).Headers()) })
}

func TestAHandlerRunsInAFrameOfItsOwn(t *testing.T) {
	var lines bytes.Buffer
	log := slog.New(glslog.Handler(slog.NewJSONHandler(&lines, nil)))
	done := make(chan string)
	mux := asynq.NewServeMux()
	mux.Use(flow.OnError(failOnError(t)).Middleware)
	mux.HandleFunc("email", func(ctx context.Context, task *asynq.Task) error {
		assert.Equal(t, "acme", tenant.GetOrFail())
		assert.Equal(t, []bool{false, false}, []bool{set(attempt), set(private)})
		id, ok := glsasynq.TaskID()
		assert.True(t, ok)
		assert.Equal(t, task.ResultWriter().TaskID(), id)
		assert.Equal(t, ctx, gls.Context())
		gls.Isolate(func() {
			gls.Resume(ctx, func() { assert.Equal(t, "acme", tenant.GetOrFail()) })
		})
		log.Info("processed")
		done <- id
		return nil
	})
	// A base context serves all tasks. What it carries is none of them's.
	base := gls.NewContext(context.Background(), gls.Snapshot{}.With(attempt.With(7), private.With("server's")))
	client := start(t, asynq.Config{BaseContext: func() context.Context { return base }}, mux)
	tenant.Run("acme", func() {
		_, err := client.Enqueue(flow.NewTask("email:deliver", nil), asynq.TaskID("id-1"))
		require.NoError(t, err)
	})
	assert.Equal(t, "id-1", <-done)
	var line map[string]any
	require.NoError(t, json.Unmarshal(lines.Bytes(), &line))
	assert.Equal(t, []any{"id-1", "email:deliver", "default"}, []any{line["task_id"], line["task_type"], line["queue"]})
	_, ok := glsasynq.TaskID()
	assert.False(t, ok)
}

func TestOptionsOfATaskStay(t *testing.T) {
	client := start(t, asynq.Config{}, flow.Middleware(asynq.HandlerFunc(func(context.Context, *asynq.Task) error { return nil })))
	info, err := client.Enqueue(flow.NewTask("type", nil, asynq.Queue("other"), asynq.MaxRetry(3), asynq.ProcessIn(time.Hour)))
	require.NoError(t, err)
	assert.Equal(t, "other", info.Queue)
	assert.Equal(t, 3, info.MaxRetry)
	assert.Equal(t, asynq.TaskStateScheduled, info.State)
}

func TestAnErrorHandlerSeesTheTaskThatHasFailed(t *testing.T) {
	seen := make(chan string, 10)
	f := flow.OnError(failOnError(t))
	mux := asynq.NewServeMux()
	mux.Use(f.Middleware)
	mux.HandleFunc("fail", func(context.Context, *asynq.Task) error { return errors.New("failed") })
	mux.HandleFunc("boom", func(context.Context, *asynq.Task) error { panic("boom") })
	client := start(t, asynq.Config{
		ErrorHandler: f.ErrorHandler(asynq.ErrorHandlerFunc(func(_ context.Context, _ *asynq.Task, err error) {
			id, _ := glsasynq.TaskID()
			name, _ := tenant.Get()
			seen <- id + " of " + name
		})),
	}, mux)
	for _, kind := range []string{"fail", "boom"} {
		tenant.Run("acme", func() {
			_, err := client.Enqueue(f.NewTask(kind, nil), asynq.TaskID(kind), asynq.MaxRetry(0))
			require.NoError(t, err)
		})
		assert.Equal(t, kind+" of acme", <-seen)
	}
}

// A group's task is made of many.
func TestAnAggregatedTaskIsNobodys(t *testing.T) {
	done := make(chan bool)
	mux := asynq.NewServeMux()
	mux.Use(flow.Middleware)
	mux.HandleFunc("all", func(_ context.Context, task *asynq.Task) error {
		assert.Equal(t, "2", string(task.Payload()))
		done <- set(tenant)
		return nil
	})
	client := start(t, asynq.Config{
		GroupAggregator: asynq.GroupAggregatorFunc(func(_ string, tasks []*asynq.Task) *asynq.Task {
			return flow.NewTask("all", fmt.Append(nil, len(tasks)))
		}),
		GroupGracePeriod: time.Second, GroupMaxSize: 2,
	}, mux)
	for i := range 2 {
		tenant.Run(fmt.Sprint("tenant-", i), func() {
			_, err := client.Enqueue(flow.NewTask("one", nil), asynq.Group("g"))
			require.NoError(t, err)
		})
	}
	assert.False(t, <-done)
}

func TestWhatDoesNotDecodeIsDroppedAndReported(t *testing.T) {
	var errs []error
	f := flow.OnError(func(err error) { errs = append(errs, err) })
	processed := 0
	handler := asynq.HandlerFunc(func(context.Context, *asynq.Task) error {
		processed++
		assert.Equal(t, []bool{false, false}, []bool{set(tenant), set(attempt)})
		return nil
	})
	long := strings.Repeat("x", glswire.MaxLen+1)
	task := asynq.NewTaskWithHeaders("type", nil, map[string]string{"tenant": long, "attempt": "many"})
	require.NoError(t, f.Middleware(handler).ProcessTask(t.Context(), task))
	require.NoError(t, flow.Middleware(handler).ProcessTask(t.Context(), task))
	assert.Equal(t, 2, processed)
	require.Len(t, errs, 2)
	assert.ErrorIs(t, errs[0], glswire.ErrTooLong)
	assert.ErrorContains(t, errs[1], `"attempt" is not taken`)
	tenant.Run(long, func() { assert.Empty(t, f.NewTask("type", nil).Headers()) })
	assert.Len(t, errs, 3)
}

func TestNothingStaysHoweverAHandlerEnds(t *testing.T) {
	failed := errors.New("failed")
	for name, end := range map[string]func() error{
		"error": func() error { return failed }, "panic": func() error { panic("in the handler") },
		"Goexit": func() error { runtime.Goexit(); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			done := make(chan any)
			var late gls.Snapshot
			go func() {
				defer func() {
					p := recover()
					assert.Equal(t, gls.Snapshot{}, gls.Capture())
					done <- p
				}()
				assert.Equal(t, failed, flow.Middleware(asynq.HandlerFunc(func(context.Context, *asynq.Task) error {
					late = gls.Capture()
					tenant.Enter("entered and never left")
					return end()
				})).ProcessTask(context.Background(), asynq.NewTask("type", nil)))
			}()
			if p := <-done; name == "panic" {
				assert.Equal(t, "in the handler", p)
			}
			late.Run(func() { assert.Equal(t, context.Background(), gls.Context()) })
		})
	}
}

func TestMistakesPanicAtTheCall(t *testing.T) {
	assert.PanicsWithValue(t, "glsasynq.Flow.Middleware: nil handler", func() { flow.Middleware(nil) })
	assert.PanicsWithValue(t, "glsasynq.Flow.ErrorHandler: nil handler", func() { flow.ErrorHandler(nil) })
	assert.Panics(t, func() { glsasynq.New(glswire.Wire{}) })
}

// Each task has an identity in its payload and one that travels. All are in their handlers at once; a third of them fail
// and a third panic at first, and come again.
func TestEachOfManyTasksHasItsOwnValues(t *testing.T) {
	adaptertest.Build(t)
	const n = adaptertest.Calls
	var (
		tally               adaptertest.Tally
		inside, ended, late sync.WaitGroup
		over                = make(chan struct{})
		mu                  sync.Mutex
		tries               = make(map[string]int)
		through             = make(map[string]bool) // a task comes again where its lease runs out on a slow machine
	)
	inside.Add(n)
	ended.Add(n)
	read := func(place, want string) {
		got, ok := tenant.Get()
		tally.During(place, want, got, ok)
		got, ok = glsasynq.TaskID()
		tally.During(place+", the id", "id-"+want, got, ok)
	}
	mux := asynq.NewServeMux()
	f := flow.OnError(failOnError(t))
	mux.Use(f.Middleware)
	mux.HandleFunc("type", func(_ context.Context, task *asynq.Task) error {
		name, i := string(task.Payload()), 0
		_, _ = fmt.Sscanf(name, "tenant-%d", &i)
		mu.Lock()
		tries[name]++
		try := tries[name]
		mu.Unlock()
		read("handler", name)
		if try == 1 {
			inside.Done()
			inside.Wait()
			read("handler, after the others have come", name)
			tenant.Enter("entered and never left")
			switch i % 3 {
			case 1:
				return errors.New("at first")
			case 2:
				panic("at first")
			}
			tenant.Enter(name)
		}
		done := make(chan struct{})
		gls.Go(func() {
			defer close(done)
			read("child", name)
		})
		<-done
		mu.Lock()
		defer mu.Unlock()
		if through[name] {
			return nil
		}
		through[name] = true
		late.Add(1)
		gls.Go(func() {
			defer late.Done()
			<-over
			got, ok := tenant.Get()
			tally.After("late", name, got, ok)
		})
		ended.Done()
		return nil
	})
	client := start(t, asynq.Config{Concurrency: n, ErrorHandler: f.ErrorHandler(asynq.ErrorHandlerFunc(
		func(_ context.Context, task *asynq.Task, _ error) { read("error handler", string(task.Payload())) }))}, mux)
	adaptertest.Each(n, func(i int) {
		name := fmt.Sprint("tenant-", i)
		tenant.Run(name, func() {
			_, err := client.Enqueue(f.NewTask("type", []byte(name)), asynq.TaskID("id-"+name), asynq.Timeout(5*time.Minute))
			assert.NoError(t, err)
		})
	})
	ended.Wait()
	close(over)
	late.Wait()
	tally.Verify(t, 2*n*3, n)
	mu.Lock()
	defer mu.Unlock()
	assert.Len(t, tries, n)
}
