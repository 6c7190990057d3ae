package glssql_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glssql"
)

// statements are all ways to ask for one, with the error that each gets.
func statements(db *glssql.DB) map[string]func() error {
	ctx := context.Background()
	err1 := func(_ any, err error) error { return err }
	return map[string]func() error{
		"ExecContext":     func() error { return err1(db.ExecContext(ctx, "insert bad")) },
		"QueryContext":    func() error { return err1(db.QueryContext(ctx, "insert bad")) },
		"QueryRowContext": func() error { return db.QueryRowContext(ctx, "insert bad").Err() },
		"Scan":            func() error { return db.QueryRowContext(ctx, "insert bad").Scan(new(string)) },
		"PrepareContext":  func() error { return err1(db.PrepareContext(ctx, "insert bad")) },
		"Exec":            func() error { return err1(db.Exec("insert bad")) },
		"Query":           func() error { return err1(db.Query("insert bad")) },
		"QueryRow":        func() error { return db.QueryRow("insert bad").Err() },
		"Prepare":         func() error { return err1(db.Prepare("insert bad")) },
		"Begin":           func() error { return err1(db.Begin()) },
		"BeginTx":         func() error { return err1(db.BeginTx(ctx, nil)) },
		"Run":             func() error { return run(db, func() error { return errors.New("called") }) },
	}
}

// A carrying is a way to have the values of a Run on another goroutine.
func carryings() map[string]func(fn func()) {
	await := func(start func(fn func())) func(fn func()) {
		return func(fn func()) {
			done := make(chan struct{})
			start(func() { defer close(done); fn() })
			<-done
		}
	}
	all := map[string]func(fn func()){
		"Go":           await(gls.Go),
		"Bind":         func(fn func()) { bound := gls.Bind(fn); join(bound) },
		"Snapshot.Run": func(fn func()) { s := gls.Capture(); join(func() { s.Run(fn) }) },
		"AfterFunc":    await(func(fn func()) { gls.AfterFunc(0, fn) }),
		"Go in Go":     await(func(fn func()) { gls.Go(func() { gls.Go(fn) }) }),
	}
	if gls.Propagation() == gls.Inherited {
		all["go"] = join
		all["go in go"] = func(fn func()) { join(func() { join(fn) }) }
		all["WaitGroup.Go"] = func(fn func()) { var wg sync.WaitGroup; wg.Go(fn); wg.Wait() }
	}
	return all
}

func TestStatementsOnAnotherGoroutineAreRefused(t *testing.T) {
	for name, carry := range carryings() {
		r, db := newRecorder(t)
		require.NoError(t, run(db, func() error {
			insert(t, db, "a")
			r.Log()
			carry(func() {
				assert.False(t, db.InTx(), name)
				for what, ask := range statements(db) {
					assert.Equal(t, glssql.ErrOtherGoroutine, ask(), "%s by %s", what, name)
				}
				db.Outside(func() {
					assert.False(t, db.InTx(), name)
					insert(t, db, "outside")
					require.NoError(t, run(db, func() error { return try(db, "own") }))
				})
			})
			assert.Equal(t, []string{"insert outside", "begin", "insert own", "commit"}, r.Log(), name)
			insert(t, db, "b")
			return nil
		}))
		assert.Equal(t, []string{"outside", "own", "a", "b"}, r.Rows(), name)
	}
}

func TestStatementsAfterTheRunAreRefused(t *testing.T) {
	for name, carry := range carryings() {
		for _, end := range []error{nil, errBoom} {
			r, db := newRecorder(t)
			over, done := make(chan struct{}), make(chan struct{})
			refused := func(who string) {
				assert.False(t, db.InTx(), name)
				for what, ask := range statements(db) {
					assert.Equal(t, glssql.ErrDone, ask(), "%s by %s, %s", what, name, who)
				}
				db.Outside(func() { insert(t, db, "outside") })
			}
			var bound func()
			_ = run(db, func() error {
				started := make(chan struct{})
				go gls.Bind(func() {
					defer close(done)
					carry(func() { close(started); <-over; refused("in a goroutine") })
				})()
				<-started
				bound = gls.Bind(func() { refused("bound") })
				return end
			})
			r.Log()
			close(over)
			<-done
			bound()
			assert.Equal(t, []string{"insert outside", "insert outside"}, r.Log(), name)
		}
	}
}

func TestStatementsAfterANestedRunAreRefused(t *testing.T) {
	r, db := newRecorder(t)
	require.NoError(t, run(db, func() error {
		var bound func() error
		require.NoError(t, run(db, func() error {
			bound = gls.Bind(func() error { return try(db, "bad") })
			return bound()
		}))
		assert.Equal(t, glssql.ErrDone, bound())
		return nil
	}))
	assert.Equal(t, []string{"bad"}, r.Rows())
}

// inLostChild runs fn on a goroutine that a plain go statement started and that has nothing set, in either mode.
func inLostChild(fn func()) {
	join(func() { gls.Isolate(fn) })
}

func TestStatementsOnAPlainGoroutineAreRefusedWithItsGoStatement(t *testing.T) {
	r, db := newRecorder(t)
	require.NoError(t, run(db, func() error {
		insert(t, db, "a")
		r.Log()
		inLostChild(func() {
			assert.False(t, db.InTx())
			for what, ask := range statements(db) {
				err := ask()
				var lost *gls.NotSetError
				require.ErrorAs(t, err, &lost, what)
				assert.ErrorIs(t, err, gls.ErrNotSet)
				assert.True(t, lost.Lost)
				assert.Contains(t, lost.StartedAt, "glssql_test.join (")
				assert.Contains(t, lost.StartedAt, "recorder_test.go:")
				assert.Contains(t, err.Error(), lost.StartedAt)
				assert.Contains(t, err.Error(), "DB.Outside")
				assert.NotContains(t, err.Error(), "\n")
			}
			var value any
			func() {
				defer func() { value = recover() }()
				db.AfterCommit(func() { t.Error("called") })
			}()
			assert.ErrorIs(t, value.(error), gls.ErrNotSet)
			db.Outside(func() { insert(t, db, "outside") })
		})
		assert.Equal(t, []string{"insert outside"}, r.Log())
		return nil
	}))
}

// With inheritance the goroutine is known to have begun in the Run, also where it has let go of the Run's values: in
// Isolate, or because it has received a value and may work for others by now.
func TestPlainGoroutineIsFreeOnceItsCreatorHasLeft(t *testing.T) {
	for name, as := range map[string]func(fn func()){"isolated": gls.Isolate, "receiving": func(fn func()) { fn() }} {
		r, db := newRecorder(t)
		refused, over, done := make(chan error), make(chan int), make(chan error)
		require.NoError(t, run(db, func() error {
			go as(func() {
				refused <- try(db, "bad")
				<-over
				done <- try(db, "b")
			})
			assert.Error(t, <-refused, name)
			return nil
		}))
		over <- 1
		if gls.Propagation() == gls.Inherited {
			assert.Equal(t, glssql.ErrDone, <-done, name)
			assert.Empty(t, r.Rows(), name)
			continue
		}
		assert.NoError(t, <-done, name)
		assert.Equal(t, []string{"b"}, r.Rows(), name)
	}
}

// A worker that has run a statement before the transaction began was not started inside of it.
func TestPlainGoroutineKnownFromBeforeIsNotRefused(t *testing.T) {
	r, db := newRecorder(t)
	work, done := make(chan string), make(chan error)
	go gls.Isolate(func() {
		for row := range work {
			done <- try(db, row)
		}
	})
	defer close(work)
	ask := func(row string) error { work <- row; return <-done }
	other := make(chan struct{})
	go func() { // some transaction, for without one nobody looks
		_ = run(db, func() error { other <- struct{}{}; <-other; return nil })
		close(other)
	}()
	<-other
	require.NoError(t, ask("a"))
	require.NoError(t, run(db, func() error { return ask("b") }))
	other <- struct{}{}
	<-other
	require.NoError(t, run(db, func() error { return ask("c") }))
	assert.Equal(t, []string{"a", "b", "c"}, r.Rows())

	// One that has not is refused, for nobody knows. A remedy is gls.Go.
	late, result := make(chan struct{}), make(chan error)
	go gls.Isolate(func() { <-late; result <- try(db, "bad") })
	require.NoError(t, run(db, func() error {
		close(late)
		assert.ErrorIs(t, <-result, gls.ErrNotSet)
		return nil
	}))
	late = make(chan struct{})
	gls.Go(func() { <-late; result <- try(db, "d") })
	require.NoError(t, run(db, func() error { close(late); return <-result }))
}

func TestStrangersAreNotRefused(t *testing.T) {
	r, db := newRecorder(t)
	begun, over := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		assert.NoError(t, run(db, func() error { close(begun); <-over; return nil }))
	})
	<-begun
	for range 3 {
		insert(t, db, "a")
		inLostChild(func() { insert(t, db, "b") })
		require.NoError(t, run(db, func() error { return nil }))
	}
	close(over)
	wg.Wait()
	assert.Len(t, r.Rows(), 6)
}

func TestIsolateIsOutside(t *testing.T) {
	r, db := newRecorder(t)
	before := gls.Capture()
	err := run(db, func() error {
		gls.Isolate(func() {
			insert(t, db, "a")
			require.NoError(t, run(db, func() error { return try(db, "b") }))
			started := make(chan error)
			gls.Go(func() { started <- try(db, "c") })
			require.NoError(t, <-started)
		})
		before.Run(func() { insert(t, db, "d") })
		return errBoom
	})
	assert.Equal(t, errBoom, err)
	assert.Equal(t, []string{"a", "b", "c", "d"}, r.Rows())
}

func TestTransactionsOfManyGoroutinesAreTheirOwn(t *testing.T) {
	r, db := newRecorder(t)
	db.Unwrap().SetMaxOpenConns(5)
	var wg sync.WaitGroup
	for i := range 200 {
		wg.Go(func() {
			err := run(db, func() error {
				for range 3 {
					_ = run(db, func() error { insert(t, db, "bad"); return errBoom })
					insert(t, db, "good")
				}
				if i%2 == 0 {
					return errBoom
				}
				return nil
			})
			assert.Equal(t, i%2 == 0, err != nil)
			assert.NoError(t, try(db, "pool"))
		})
	}
	wg.Wait()
	count := map[string]int{}
	for _, row := range r.Rows() {
		count[row]++
	}
	assert.Equal(t, map[string]int{"good": 300, "pool": 200}, count)
}
