// Package glssql makes transactions of database/sql ambient: what a function given to [DB.Run] calls is part of the
// transaction, without a tx parameter.
package glssql
