package glssql

import "strings"

// An Option is an option of New.
type Option interface{ apply(db *DB) }

type option func(db *DB)

func (o option) apply(db *DB) { o(db) }

// Savepoints sets the statements of nested Runs, for databases whose statements differ. In each, %s
// stands for the savepoint's name. The default is SAVEPOINT %s, ROLLBACK TO SAVEPOINT %s and
// RELEASE SAVEPOINT %s, which PostgreSQL, SQLite, MySQL and MariaDB take. An empty release is for
// databases that have no such statement: Oracle, and SQL Server with
//
//	glssql.Savepoints("SAVE TRANSACTION %s", "ROLLBACK TRANSACTION %s", "")
//
// It panics if begin or rollback, or a release that is not empty, does not hold %s once.
func Savepoints(begin, rollback, release string) Option {
	for _, text := range []string{begin, rollback, release} {
		if text != release && text == "" || text != "" && strings.Count(text, "%s") != 1 {
			panic("glssql.Savepoints: the statement must hold %s once, for the name: " + text)
		}
	}
	return option(func(db *DB) { db.savepoints = savepoints{begin, rollback, release} })
}

// JoinNested makes a nested Run a part of the enclosing Run, without a savepoint. An error, panic
// or runtime.Goexit in the nested Run dooms the enclosing Run: see [ErrDoomed].
func JoinNested() Option {
	return option(func(db *DB) { db.join = true })
}

type savepoints struct{ begin, rollback, release string }

// name puts a savepoint's name into a statement. Unlike package fmt it leaves other percent signs
// as they are.
func (savepoints) name(statement, name string) string {
	return strings.Replace(statement, "%s", name, 1)
}
