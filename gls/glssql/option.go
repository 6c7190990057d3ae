package glssql

import "strings"

// An Option is an argument of New.
type Option interface{ apply(db *DB) }

type option func(db *DB)

func (o option) apply(db *DB) { o(db) }

// Savepoints sets the statements of nested Runs, for databases that have others. In each, %s stands for the savepoint's
// name. The default is SAVEPOINT %s, ROLLBACK TO SAVEPOINT %s and RELEASE SAVEPOINT %s, which PostgreSQL, SQLite, MySQL
// and MariaDB take. An empty release is for databases that have none: Oracle, and SQL Server with
//
//	glssql.Savepoints("SAVE TRANSACTION %s", "ROLLBACK TRANSACTION %s", "")
//
// It panics if a text does not hold %s.
func Savepoints(begin, rollback, release string) Option {
	for _, text := range []string{begin, rollback, release} {
		if text != release && text == "" || text != "" && strings.Count(text, "%s") != 1 {
			panic("glssql.Savepoints: the statement must hold %s once, for the name: " + text)
		}
	}
	return option(func(db *DB) { db.savepoints = savepoints{begin, rollback, release} })
}

// JoinNested makes a nested Run a part of the enclosing one, without a savepoint. An error, panic or runtime.Goexit in it
// dooms the enclosing Run: see [ErrDoomed].
func JoinNested() Option {
	return option(func(db *DB) { db.join = true })
}

type savepoints struct{ begin, rollback, release string }

// name puts a savepoint's name into a statement. It is not fmt's: other percent signs stay.
func (savepoints) name(statement, name string) string {
	return strings.Replace(statement, "%s", name, 1)
}
