package glssql

import (
	"errors"
	"fmt"

	"github.com/ambient-go/ambient/gls"
)

// ErrOtherGoroutine refuses a statement on a goroutine that has the values of a Run (by gls.Go,
// Bind, a snapshot or inheritance) and is not the goroutine of that Run. A transaction is one
// connection: it serves one goroutine.
var ErrOtherGoroutine = errors.New("glssql: the transaction belongs to the goroutine of its Run, which is another one: " +
	"run the statement there, or in DB.Outside where it is no part of the transaction")

// ErrDone refuses a statement in code that has the values of a Run which has ended: a bound
// function, or a goroutine that outlives the Run.
var ErrDone = errors.New("glssql: the transaction that this code began in has ended: " +
	"run the statement in DB.Outside, or the code by DB.AfterCommit")

// ErrDoomed refuses statements in a transaction of which a part has failed that cannot be undone by
// itself. Run returns it, and rolls back, where fn returned nil. Run's error wraps the part's error
// as well.
var ErrDoomed = errors.New("glssql: the transaction is rolled back because a part of it has failed: " +
	"return that part's error from the function given to Run")

// ErrWouldDeadlock refuses a statement in DB.Outside, inside of a Run, that waits for a connection
// which cannot become free: transactions that wait for a connection themselves hold all of the
// pool.
var ErrWouldDeadlock = errors.New("glssql: the statement in DB.Outside waits for a connection for ever: transactions " +
	"that wait for one themselves hold all that sql.DB.SetMaxOpenConns allows: " +
	"run the statement before the transaction or by DB.AfterCommit, or allow more connections")

var (
	errUnwound    = errors.New("glssql: a function given to Run panicked or called runtime.Goexit")
	errRolledBack = errors.New("glssql: a transaction that was begun by BeginTx inside of a Run is rolled back")
	errLeftOpen   = errors.New("glssql: rolled back, because a transaction that was begun by BeginTx inside of this one " +
		"is neither committed nor rolled back: do so before the function returns")
	errOptions = errors.New("glssql: the enclosing transaction does not have the options that this one asks for: " +
		"pass them to the outermost Run, or begin this one in DB.Outside")
)

// doomed returns the error of a transaction of which a part failed by cause.
func doomed(cause error) error {
	if errors.Is(cause, ErrDoomed) {
		return cause
	}
	return fmt.Errorf("%w: %w", ErrDoomed, cause)
}

// A lostError refuses a statement on a goroutine that a plain go statement started inside of a Run.
type lostError struct {
	cause *gls.NotSetError
}

// Error names the go statement. It does not give the remedy of the NotSetError, gls.Go, which would
// lead to ErrOtherGoroutine.
func (e *lostError) Error() string {
	return fmt.Sprintf("glssql: goroutine %d was started by goroutine %d, which is in a transaction, by the go statement "+
		"in %s: run the statement on that goroutine, or in DB.Outside where it is no part of the transaction",
		e.cause.Goroutine, e.cause.Creator, e.cause.StartedAt)
}

func (e *lostError) Unwrap() error { return e.cause }
