package main

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/internal/testexec"
)

// The processes of the fleet run the test binary, so that they are built as it is. Each ends with
// the test, even if the test is killed.
func TestMain(m *testing.M) {
	if os.Getenv("FLEET_PROCESS") == "" {
		os.Exit(m.Run())
	}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(3)
	}()
	main()
}

// A fleet has the processes of a test.
type fleet struct {
	t     *testing.T
	place place

	mu      sync.Mutex           // guards running
	running map[string]*exec.Cmd // by role
	kills   int
}

// startFleet starts all processes, with their own directory and ports.
func startFleet(t *testing.T, carrier string) *fleet {
	f := &fleet{t: t, running: make(map[string]*exec.Cmd), place: place{
		edge: freeAddress(t), orders: freeAddress(t), queue: freeAddress(t), store: freeAddress(t),
		shipping: freeAddress(t), carrier: carrier, dir: t.TempDir(),
	}}
	t.Cleanup(func() {
		for role := range f.running {
			f.kill(role)
		}
	})
	for _, role := range []string{"queue", "store", "shipping", "worker", "orders", "edge"} {
		f.start(role)
	}
	for _, address := range []string{f.place.queue, f.place.store, f.place.shipping, f.place.orders, f.place.edge} {
		require.Eventually(t, func() bool {
			conn, err := net.Dial("tcp", address)
			return err == nil && assert.NoError(t, conn.Close())
		}, time.Minute, 20*time.Millisecond, "nobody is at %s", address)
	}
	return f
}

// freeAddress returns an unused address, with a port that no outgoing connection gets.
func freeAddress(t *testing.T) string {
	for range 1000 {
		address := fmt.Sprint("127.0.0.1:", 10_000+rand.IntN(20_000))
		if l, err := net.Listen("tcp", address); err == nil {
			require.NoError(t, l.Close())
			return address
		}
	}
	t.Fatal("no port is free")
	return ""
}

// start starts the process of a role. Like kill and stop, it may be called on any goroutine.
func (f *fleet) start(role string) {
	p := f.place
	cmd := testexec.Command("-role="+role, "-dir="+p.dir, "-edge="+p.edge, "-orders="+p.orders, "-queue="+p.queue,
		"-store="+p.store, "-shipping="+p.shipping, "-carrier="+p.carrier)
	cmd.Env = append(os.Environ(), "FLEET_PROCESS=1")
	_, err := cmd.StdinPipe()
	assert.NoError(f.t, err)
	// A file, to which the process writes directly: with a pipe, Wait would wait for the pipe's
	// end.
	stderr, err := os.OpenFile(filepath.Join(p.dir, role+".stderr"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	assert.NoError(f.t, err)
	defer stderr.Close()
	cmd.Stderr = stderr
	f.mu.Lock()
	defer f.mu.Unlock()
	if assert.NoError(f.t, cmd.Start()) {
		f.running[role] = cmd
	}
}

// end sends a signal to the process of a role and waits until it has ended.
func (f *fleet) end(role string, signal os.Signal) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	cmd := f.running[role]
	delete(f.running, role)
	assert.NoError(f.t, cmd.Process.Signal(signal), role)
	return cmd.Wait()
}

// kill ends the process of a role as a crash does.
func (f *fleet) kill(role string) {
	var exit *exec.ExitError
	if assert.ErrorAs(f.t, f.end(role, os.Kill), &exit) {
		assert.Equal(f.t, syscall.SIGKILL, exit.Sys().(syscall.WaitStatus).Signal(), "%s has ended by itself", role)
	}
	f.kills++
}

// stop ends all processes with a signal that lets them finish.
func (f *fleet) stop() {
	for _, role := range []string{"edge", "orders", "worker", "shipping", "store", "queue"} {
		assert.NoError(f.t, f.end(role, syscall.SIGTERM), role)
	}
}

// verifyStderr checks that no process has printed a panic, a race or anything else.
func (f *fleet) verifyStderr() {
	names, err := filepath.Glob(filepath.Join(f.place.dir, "*.stderr"))
	require.NoError(f.t, err)
	require.NotEmpty(f.t, names)
	for _, name := range names {
		text, err := os.ReadFile(name)
		require.NoError(f.t, err)
		assert.Empty(f.t, string(text), filepath.Base(name))
	}
}

// An order is one of the test's orders. The goods travel in the body, the rest as values, so that
// the test can tell which belong together.
type order struct {
	tenant  string
	user    int64
	request string
	goods   string
}

const tenants = 5

// orderOf returns the i-th order. The tenants use the same request ids.
func orderOf(i int) order {
	return order{
		tenant: fmt.Sprint("tenant-", i%tenants), user: int64(i), request: fmt.Sprint("r-", i/tenants),
		goods: fmt.Sprint("goods-", i),
	}
}

// indexOf returns the number of the order with these goods.
func indexOf(goods string) (int, bool) {
	i, err := strconv.Atoi(strings.TrimPrefix(goods, "goods-"))
	return i, err == nil
}
