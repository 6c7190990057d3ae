// Package glssql makes the transactions of database/sql ambient: a function given to [DB.Run], and all that it calls,
// runs its statements in one transaction, without a tx parameter.
//
// An explicit *sql.Tx is the better choice where one function does all of the work: it is in sight, and the compiler
// keeps it in one place. So it is for a transaction that several goroutines take turns in, that is open across calls of
// a library's user, or whose statements mix with others on purpose. This package is for services over repositories,
// where each function would take a tx, or a context that hides one, and one that forgets it writes outside of the
// transaction without a word.
//
//	var db = glssql.New(pool) // for each *sql.DB one
//
//	func AddUser(name string) error {
//		_, err := db.Exec("INSERT INTO users (name) VALUES (?)", name)
//		return err
//	}
//
//	func AddMail(name string) error {
//		_, err := db.Exec("INSERT INTO outbox (text) VALUES (?)", "welcome, "+name)
//		return err
//	}
//
//	func SignUp(ctx context.Context, name string) error {
//		return db.Run(ctx, nil, func() error {
//			if err := AddUser(name); err != nil {
//				return err
//			}
//			db.AfterCommit(func() { fmt.Println("signed up:", name) })
//			return AddMail(name)
//		})
//	}
//
// An error from AddMail takes the user back, and nothing is printed. AddUser called by itself is a statement of its own.
//
// # What a Run is
//
// A nil error commits; an error, a panic, runtime.Goexit and the end of ctx roll back. Errors come back as they are. A
// Run inside of another one of the same DB is a savepoint: its error undoes what was done in it, and the outer Run goes
// on. With [JoinNested] it is a part of the outer one instead, which its error dooms. [DB.AfterCommit] keeps what must
// not get ahead of the commit. Code that should not be part of the transaction runs in [DB.Outside].
//
// # What is refused
//
// An ambient transaction decides what is written, and no signature shows it: whoever reads AddUser cannot say whether it
// stands alone. So where the package would have to guess, it refuses, and never runs a statement outside in silence:
//
//   - A transaction is one connection, and belongs to the goroutine of its Run. Another goroutine that has the Run's
//     values, by gls.Go, Bind or inheritance, gets [ErrOtherGoroutine], and [ErrDone] after the Run has ended. Start
//     workers in Outside where it may be a Run that starts them.
//   - A goroutine that a plain go statement started, and whose creator is in a transaction, gets an error with the
//     *gls.NotSetError that names the statement. That the creator began the transaction later shows only if the
//     goroutine has run a statement before. One that a Run's goroutine started earlier may be refused therefore: start
//     it with gls.Go, or run its statements in Outside. Goroutines that such a goroutine starts in turn are not known:
//     their statements run on the pool.
//   - A statement in a doomed transaction gets [ErrDoomed].
//   - A statement in Outside for which no connection can become free, because transactions that wait in the same way
//     hold all of the pool, gets [ErrWouldDeadlock] instead of waiting for ever.
//
// What the package cannot see is not refused: statements on the *sql.DB itself, on a second DB of the same *sql.DB, and
// on a *sql.Stmt that was prepared outside of the Run, which belongs to the pool for good. Libraries that keep prepared
// statements, as GORM with PrepareStmt and sqlc's Prepare do, are not for use with a DB. A statement in Outside that
// waits for a lock of the transaction around it waits until its ctx ends. Code that gls.Isolate, or a function bound
// before the Run, runs is outside.
//
// # What it is not
//
// It is no distributed transaction: Runs of two DBs inside of each other are two, and the second commit may fail after
// the first. It does not repeat a transaction that the database gives up, for a deadlock or a serialization failure:
// Run returns the error, and whoever knows that fn may run twice calls Run again. AfterCommit is no queue: the process
// may end between the commit and the call. What must not be lost is a row of the transaction, as the outbox above.
//
// # Libraries
//
// A [DB] has the methods that query builders and ORMs ask for as a connection, and [DB.BeginTx] gives those which begin
// transactions a part of the Run's. The folder dbtest has a table of which libraries were seen to work, and how.
//
// # Cost
//
// Outside of a transaction a statement costs one Get more than on a *sql.DB, and nothing is allocated. While another
// goroutine is in a transaction, the first statement of each goroutine takes some microseconds more. In a transaction it
// is a Get and a look at whose goroutine it is.
package glssql
