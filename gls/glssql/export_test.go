package glssql

// Open returns the number of transactions that Run has open.
func Open(db *DB) int { return int(db.open.Load()) }
