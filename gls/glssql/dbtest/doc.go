// Package dbtest holds the tests of package glssql on real databases and with the libraries that use them. It is a
// module of its own, for what it requires.
package dbtest
