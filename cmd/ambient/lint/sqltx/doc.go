// Package sqltx defines an analyzer of statements inside of a glssql Run that are no part of its
// transaction.
//
// # Analyzer sqltx
//
// sqltx: find statements that escape the transaction around them
//
// A statement on the *sql.DB that was given to glssql.New, inside of a function given to Run, takes
// another connection: it is committed by itself, does not see what the transaction wrote, and may
// wait for its locks for ever. A goroutine that such a function starts, by a go statement, a group, a
// pool or a timer, is refused all statements while the Run lasts, and after it.
//
//	// WRONG
//	func save() error {
//		return db.Run(ctx, nil, func() error {
//			_, err := pool.Exec("INSERT INTO users VALUES (1)")
//			return err
//		})
//	}
//
//	// RIGHT
//	func save() error {
//		return db.Run(ctx, nil, func() error {
//			_, err := db.Exec("INSERT INTO users VALUES (1)")
//			return err
//		})
//	}
//
// Functions that the function calls are part of the transaction, those of other packages included.
// Code in Outside or AfterCommit is not.
//
//	// WRONG
//	func both() error {
//		return db.Run(ctx, nil, func() error {
//			go db.Exec("INSERT INTO log VALUES (1)")
//			return nil
//		})
//	}
//
//	// RIGHT
//	func both() error {
//		return db.Run(ctx, nil, func() error {
//			db.AfterCommit(func() { go db.Exec("INSERT INTO log VALUES (1)") })
//			return nil
//		})
//	}
package sqltx
