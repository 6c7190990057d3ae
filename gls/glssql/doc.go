// Package glssql makes the transactions of database/sql ambient: a function given to [DB.Run], and
// all that it calls, runs its statements in one transaction, without a tx parameter.
//
//	var db = glssql.New(pool) // one for each *sql.DB
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
// If AddMail fails, the user is rolled back, too, and nothing is printed. Called outside of a Run,
// AddUser is a statement of its own.
//
// An explicit *sql.Tx is the better choice where one function does all of the work: it is in sight,
// and the compiler keeps it in one place. The same holds for a transaction that several goroutines
// take turns in, that is open across calls of a library's user, or whose statements mix with others
// on purpose. This package is for services over repositories. There each function would need a tx
// parameter, or a context that hides one, and a function that forgets to use it silently writes
// outside of the transaction.
//
// # What a Run is
//
// A nil error commits. An error, a panic, runtime.Goexit and the end of ctx roll back. Errors come
// back as they are. A Run inside of another Run of the same DB is a savepoint: its error undoes its
// own statements, and the outer Run goes on. With [JoinNested] the inner Run is a part of the outer
// Run, and its error dooms the outer Run. [DB.AfterCommit] keeps events and mails that must not get
// ahead of the commit. Code that should not be part of the transaction runs in [DB.Outside].
//
// # What is refused
//
// An ambient transaction decides which data is written, and no signature shows it: a reader of
// AddUser cannot tell whether it stands alone. So where the package would have to guess, it refuses
// a statement, and never runs one outside in silence:
//
//   - A transaction is one connection, and belongs to the goroutine of its Run. Another goroutine
//     that has the Run's values, by gls.Go, Bind or inheritance, gets [ErrOtherGoroutine], and
//     [ErrDone] after the Run has ended. Start workers in Outside if a Run may start them.
//   - A goroutine that a plain go statement started, and whose creator is in a transaction, gets an
//     error with the *gls.NotSetError that names the go statement. The package knows that the
//     creator began the transaction later only if the goroutine has run a statement before. A
//     goroutine that the creator started earlier may therefore be refused: start it with gls.Go, or
//     run its statements in Outside. Goroutines that such a goroutine starts in turn are not known:
//     their statements run on the pool.
//   - A statement in a doomed transaction gets [ErrDoomed].
//   - A statement in Outside for which no connection can become free, because transactions that
//     wait in the same way hold all of the pool, gets [ErrWouldDeadlock] instead of waiting for
//     ever.
//
// The package cannot see, and does not refuse, statements on the *sql.DB itself, on a second DB of
// the same *sql.DB, and on a *sql.Stmt that was prepared outside of the Run, which belongs to the
// pool for good. Libraries that keep prepared statements, as GORM with PrepareStmt and sqlc's
// Prepare do, are not for use with a DB. A statement in Outside that waits for a lock of the
// transaction around it waits until its ctx ends. Code inside gls.Isolate, or in a function that
// was bound before the Run, runs outside.
//
// # What it is not
//
// It is no distributed transaction: Runs of two DBs inside of each other are two, and the second
// commit may fail after the first. It does not repeat a transaction that the database gives up, for
// a deadlock or a serialization failure: Run returns the error, and a caller that knows that fn may
// run twice calls Run again. AfterCommit is no queue: the process may end between the commit and
// the call. Put data that must not be lost into a row of the transaction, as the outbox above.
//
// # Libraries
//
// A [DB] has the methods that query builders and ORMs call on a connection. [DB.BeginTx] gives
// libraries that begin transactions a part of the Run's. The folder dbtest has a table of the
// libraries that are tested, and how each is used.
//
// # Cost
//
// Outside of a transaction a statement costs one Get more than on a *sql.DB, and allocates nothing.
// While another goroutine is in a transaction, the first statement of each goroutine takes some
// microseconds more. In a transaction a statement costs a Get and a comparison of goroutine ids.
package glssql
