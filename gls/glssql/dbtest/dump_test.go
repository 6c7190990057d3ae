//go:build linux

package dbtest

import (
	"database/sql"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// dump returns all that rows show: their columns and the values with their types.
func dump(t testing.TB, rows *sql.Rows) (all []string) {
	t.Helper()
	defer rows.Close()
	types, err := rows.ColumnTypes()
	require.NoError(t, err)
	for _, c := range types {
		length, hasLength := c.Length()
		precision, scale, hasSize := c.DecimalSize()
		nullable, knows := c.Nullable()
		all = append(all, fmt.Sprintln(c.Name(), c.DatabaseTypeName(), c.ScanType(), length, hasLength,
			precision, scale, hasSize, nullable, knows))
	}
	for rows.Next() {
		values, into := make([]any, len(types)), make([]any, len(types))
		for i := range values {
			into[i] = &values[i]
		}
		require.NoError(t, rows.Scan(into...))
		all = append(all, fmt.Sprintf("%#v", values))
	}
	require.NoError(t, rows.Err())
	return all
}
