// Package b needs no framework.
package b

import (
	"context"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/httpctx"
)

var (
	tenant = gls.New[string]("tenant")
	key    = httpctx.NewKey[*context.Context]("key")
	zero   gls.Storage[context.Context]
)

type server struct {
	current gls.Storage[func(context.Context)]
}

func serve(ctx context.Context) {
	gls.RunContext(ctx, func() {
		gls.Run(func() { tenant.Get() }, gls.WithContext(ctx))
	})
	zero.Run(ctx, func() { key.Get() })
}
