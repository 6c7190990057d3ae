package glssql_test

import (
	"context"
	"database/sql"
	"testing"

	"github.com/stretchr/testify/require"
)

// execer is what a benchmark's statement runs on.
type execer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

func benchmark(b *testing.B, on execer) {
	b.ReportAllocs()
	ctx := context.Background()
	for b.Loop() {
		_, _ = on.ExecContext(ctx, "update")
	}
}

// BenchmarkExec is a statement on a driver that does nothing. Compare impl=none with impl=ambient.
func BenchmarkExec(b *testing.B) {
	r, db := newRecorder(b)
	r.mute = true
	ctx := context.Background()
	b.Run("impl=none/in=pool", func(b *testing.B) { benchmark(b, db.Unwrap()) })
	b.Run("impl=ambient/in=pool", func(b *testing.B) { benchmark(b, db) })
	b.Run("impl=ambient/in=pool/others=1", func(b *testing.B) {
		other := make(chan struct{})
		go func() { _ = run(db, func() error { other <- struct{}{}; <-other; return nil }) }()
		<-other
		benchmark(b, db)
		other <- struct{}{}
	})
	b.Run("impl=none/in=tx", func(b *testing.B) {
		tx, err := db.Unwrap().BeginTx(ctx, nil)
		require.NoError(b, err)
		benchmark(b, tx)
		require.NoError(b, tx.Rollback())
	})
	b.Run("impl=ambient/in=tx", func(b *testing.B) {
		require.NoError(b, run(db, func() error { benchmark(b, db); return nil }))
	})
}

// BenchmarkRun is a transaction with one statement.
func BenchmarkRun(b *testing.B) {
	r, db := newRecorder(b)
	r.mute = true
	ctx := context.Background()
	b.Run("impl=none", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			tx, err := db.Unwrap().BeginTx(ctx, nil)
			require.NoError(b, err)
			_, _ = tx.ExecContext(ctx, "update")
			require.NoError(b, tx.Commit())
		}
	})
	b.Run("impl=ambient", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			require.NoError(b, run(db, func() error { _, err := db.ExecContext(ctx, "update"); return err }))
		}
	})
}
