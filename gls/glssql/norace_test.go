//go:build !race

package glssql_test

const raceEnabled = false
