//go:build linux

package dbtest

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/ncruces/go-sqlite3/driver"
	_ "github.com/ncruces/go-sqlite3/embed"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/gls/glssql"
)

// A database is one that the tests run on.
type database struct {
	name string
	pool func(t testing.TB) *sql.DB // an empty schema of its own
}

var databases = []database{
	{"sqlite", openSQLite},
	{"postgres", func(t testing.TB) *sql.DB { return shared(t, &postgresOnce, startPostgres).open(t) }},
	{"mariadb", func(t testing.TB) *sql.DB { return shared(t, &mariaOnce, startMariaDB).open(t) }},
}

// each runs a test on each database.
func each(t *testing.T, test func(t *testing.T, name string, db *glssql.DB)) {
	for _, d := range databases {
		t.Run(d.name, func(t *testing.T) { test(t, d.name, glssql.New(d.pool(t))) })
	}
}

func openSQLite(t testing.TB) *sql.DB {
	pragmas := url.Values{
		"_pragma": {"busy_timeout(20000)", "journal_mode(WAL)", "synchronous(OFF)", "foreign_keys(1)"},
		"_txlock": {"immediate"},
	}
	pool, err := driver.Open("file:" + filepath.Join(t.TempDir(), "test.db") + "?" + pragmas.Encode())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, pool.Close()) })
	return pool
}

// A server is a database server that the tests have started, in a folder of its own, for nobody else to reach.
type server struct {
	cmd    *exec.Cmd
	folder string
	exited chan struct{}
	log    *bytes.Buffer
	open   func(t testing.TB) *sql.DB
}

// errNone says why a server cannot be had here.
var errNone = errors.New("not run: the server is not installed")

var (
	postgresOnce, mariaOnce sync.Once
	startedMu               sync.Mutex
	started                 []*server
	sharedServers           = map[*sync.Once]*server{}
	sharedErrors            = map[*sync.Once]error{}
)

func TestMain(m *testing.M) {
	code := m.Run()
	for _, s := range started {
		s.stop()
	}
	os.Exit(code)
}

// shared returns the server that all tests use, started by the first. It skips the test where there is none.
func shared(t testing.TB, once *sync.Once, start func() (*server, error)) *server {
	once.Do(func() { sharedServers[once], sharedErrors[once] = start() })
	return orSkip(t, sharedServers[once], sharedErrors[once])
}

func orSkip(t testing.TB, s *server, err error) *server {
	if errors.Is(err, errNone) {
		t.Skip(err)
	}
	require.NoError(t, err)
	return s
}

// find returns a program of a server, which Debian keeps from PATH.
func find(name string) (string, error) {
	for _, pattern := range []string{"/usr/lib/postgresql/*/bin/", "/usr/sbin/", "/usr/bin/"} {
		if found, _ := filepath.Glob(pattern + name); len(found) > 0 {
			return found[len(found)-1], nil
		}
	}
	return "", fmt.Errorf("%w: no %s here (Debian: apt-get install postgresql mariadb-server)", errNone, name)
}

// newServer makes a folder. The servers refuse to be root: then it belongs to, and they run as, the first of the users
// that there is.
func newServer(users ...string) (*server, *syscall.SysProcAttr, error) {
	folder, err := os.MkdirTemp("", "db")
	if err != nil {
		return nil, nil, err
	}
	s := &server{folder: folder, exited: make(chan struct{}), log: &bytes.Buffer{}}
	attr := &syscall.SysProcAttr{}
	if os.Getuid() != 0 {
		return s, attr, nil
	}
	for _, name := range append(users, "nobody") {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, _ := strconv.ParseUint(u.Uid, 10, 32)
		gid, _ := strconv.ParseUint(u.Gid, 10, 32)
		attr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		return s, attr, os.Chown(folder, int(uid), int(gid))
	}
	return nil, nil, fmt.Errorf("%w to run as another user than root", errNone)
}

// prepare runs a program that makes the server's files.
func (s *server) prepare(attr *syscall.SysProcAttr, args ...string) error {
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir, cmd.SysProcAttr = s.folder, &syscall.SysProcAttr{Credential: attr.Credential}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", args[0], err, out)
	}
	return nil
}

// start runs the server and waits until ready returns nil.
func (s *server) start(attr *syscall.SysProcAttr, ready func() error, args ...string) error {
	s.cmd = exec.Command(args[0], args[1:]...)
	s.cmd.Dir, s.cmd.Stdout, s.cmd.Stderr = s.folder, s.log, s.log
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Credential: attr.Credential, Setpgid: true}
	if err := s.cmd.Start(); err != nil {
		return err
	}
	startedMu.Lock()
	started = append(started, s)
	startedMu.Unlock()
	go func() { defer close(s.exited); _ = s.cmd.Wait() }()
	for end := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		err := ready()
		if err == nil {
			return nil
		}
		select {
		case <-s.exited:
			return fmt.Errorf("%s: %w\n%s", args[0], err, s.log)
		default:
		}
		if time.Now().After(end) {
			return err
		}
	}
}

// kill ends the server at once, and all its processes.
func (s *server) kill() {
	_ = syscall.Kill(-s.cmd.Process.Pid, syscall.SIGKILL)
	<-s.exited
}

func (s *server) stop() {
	s.kill()
	_ = os.RemoveAll(s.folder)
}

func startPostgres() (*server, error) {
	initdb, err1 := find("initdb")
	postgres, err2 := find("postgres")
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	s, attr, err := newServer("postgres")
	if err != nil {
		return nil, err
	}
	data := filepath.Join(s.folder, "data")
	if err := s.prepare(attr, initdb, "-D", data, "-U", "postgres", "-A", "trust", "-N", "--locale=C", "-E", "UTF8"); err != nil {
		return nil, err
	}
	dsn := func(schema string) string {
		return "host=" + s.folder + " user=postgres dbname=postgres options='-c search_path=" + schema + "'"
	}
	ready := func() error { return ping("pgx", dsn("public")) }
	err = s.start(attr, ready, postgres, "-D", data, "-k", s.folder, "-c", "listen_addresses=", "-c", "max_connections=250",
		"-c", "deadlock_timeout=20ms", "-F")
	s.open = func(t testing.TB) *sql.DB { return openSchema(t, "pgx", dsn, "CREATE SCHEMA %s") }
	return s, err
}

func startMariaDB() (*server, error) {
	install, err1 := find("mariadb-install-db")
	mariadbd, err2 := find("mariadbd")
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	s, attr, err := newServer("mysql")
	if err != nil {
		return nil, err
	}
	data, socket := filepath.Join(s.folder, "data"), filepath.Join(s.folder, "socket")
	flags := []string{"--no-defaults", "--datadir=" + data}
	err = s.prepare(attr, slices.Concat([]string{install}, flags,
		[]string{"--auth-root-authentication-method=normal", "--skip-test-db"})...)
	if err != nil {
		return nil, err
	}
	dsn := func(schema string) string {
		config := mysql.NewConfig()
		config.User, config.Net, config.Addr, config.DBName, config.ParseTime = "root", "unix", socket, schema, true
		config.Logger = &mysql.NopLogger{}
		return config.FormatDSN()
	}
	ready := func() error { return ping("mysql", dsn("")) }
	err = s.start(attr, ready, slices.Concat([]string{mariadbd}, flags, []string{
		"--socket=" + socket, "--skip-networking", "--pid-file=" + filepath.Join(s.folder, "pid"),
		"--innodb-flush-log-at-trx-commit=0", "--innodb-lock-wait-timeout=10", "--max-connections=250",
	})...)
	s.open = func(t testing.TB) *sql.DB { return openSchema(t, "mysql", dsn, "CREATE DATABASE %s") }
	return s, err
}

func ping(name, dsn string) error {
	pool, err := sql.Open(name, dsn)
	if err != nil {
		return err
	}
	defer pool.Close()
	return pool.Ping()
}

var (
	schemasMu sync.Mutex
	schemas   int
)

// openSchema opens a schema of its own for the test.
func openSchema(t testing.TB, name string, dsn func(schema string) string, create string) *sql.DB {
	schemasMu.Lock()
	schemas++
	schema := fmt.Sprint("test", schemas)
	schemasMu.Unlock()
	root, err := sql.Open(name, dsn(""))
	require.NoError(t, err)
	defer root.Close()
	_, err = root.Exec(fmt.Sprintf(create, schema))
	require.NoError(t, err)
	pool, err := sql.Open(name, dsn(schema))
	require.NoError(t, err)
	t.Cleanup(func() { _ = pool.Close() })
	return pool
}
