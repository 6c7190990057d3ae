// Package store reads what is set, below its callers.
package store

import (
	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/httpctx"
)

var (
	tenant = gls.New[string]("tenant")
	key    = httpctx.NewKey[string]("key")
)

// Tenant is the current one.
func Tenant() string { v, _ := tenant.Get(); return v }

// Rows are those of the tenant.
func Rows(table string) (any, error) { return table + Tenant(), nil }

// User is that of the request.
func User() string { return key.GetOrFail() }

// Logged says so in the log.
func Logged(table string) any {
	if c, ok := httpctx.Get(); ok {
		c.Logger().Info("load")
	}
	return table
}

// Bounded stops with the request.
func Bounded(table string) (any, error) { return table, gls.Context().Err() }
