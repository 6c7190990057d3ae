// Command blog is two blogs in one program, over one SQLite database. No function has a parameter
// for what the request already knows. See README.md.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/ambient-go/ambient/gls/glslog"
	"github.com/ambient-go/ambient/httpctx"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// logHandler adds the request, its user and the tenant to each line. See package session.
func logHandler(next slog.Handler) slog.Handler { return glslog.Handler(httpctx.LogHandler(next)) }

// run serves until ctx is done.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("blog", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprint(stderr, "blog -data blog.db\n\nserves two blogs on a loopback port and prints the address.\n\n")
		flags.PrintDefaults()
	}
	address := flags.String("addr", "127.0.0.1:8080", "where to listen; port 0 stands for a free one")
	data := flags.String("data", "", "database `file`; without one the database is gone after the last request")
	seed := flags.Bool("seed", true, "put tenants, users and posts into a new database")
	verbose := flags.Bool("v", false, "log each request")
	if err := flags.Parse(args); err != nil || flags.NArg() > 0 {
		return 2
	}
	level := slog.LevelInfo
	if *verbose {
		level = slog.LevelDebug
	}
	slog.SetDefault(slog.New(logHandler(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: level}))))

	if *data == "" {
		dir, err := os.MkdirTemp("", "blog")
		if err != nil {
			fmt.Fprintln(stderr, "blog:", err)
			return 1
		}
		defer os.RemoveAll(dir)
		*data = filepath.Join(dir, "blog.db")
	}
	s, err := start(*address, *data, *seed, nil)
	if err != nil {
		fmt.Fprintln(stderr, "blog:", err)
		return 1
	}
	fmt.Fprintf(stdout, "blog:      http://%s/\ninspector: http://%s/debug/ambient/\n", s.address, s.address)
	select {
	case <-ctx.Done():
	case err = <-s.failed:
	}
	if e := s.stop(10 * time.Second); err == nil {
		err = e
	}
	if err != nil {
		fmt.Fprintln(stderr, "blog:", err)
		return 1
	}
	return 0
}
