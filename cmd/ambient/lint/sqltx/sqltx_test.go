package sqltx_test

import (
	"testing"

	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/realtest"
	"github.com/ambient-go/ambient/cmd/ambient/lint/sqltx"
)

func TestAnalyzer(t *testing.T) { realtest.Run(t, sqltx.Analyzer, "a", "other") }

func TestDoc(t *testing.T) {
	realtest.Doc(t, sqltx.Analyzer, `
		import (
			"context"
			"database/sql"

			"github.com/ambient-go/ambient/gls/glssql"
		)

		var (
			ctx  = context.Background()
			pool *sql.DB
			db   = glssql.New(pool)
		)
	`)
}

func TestBroken(t *testing.T) { realtest.Broken(t, sqltx.Analyzer, "a") }
