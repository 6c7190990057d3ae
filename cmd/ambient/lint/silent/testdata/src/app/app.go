// Package app installs the log handler for the handlers of another package.
package app

import (
	"log/slog"
	"net/http"

	"github.com/ambient-go/ambient/cmd/ambient/lint/silent/testdata/src/web"
	"github.com/ambient-go/ambient/httpctx"
)

func Main(h slog.Handler) {
	slog.SetDefault(slog.New(httpctx.LogHandler(h))) // want `^httpctx.LogHandler is installed here, and at .*silent/testdata/src/web/web.go:10 the go statement starts a goroutine that logs with slog.Info, and the line has no request_id: start it with httpctx.GoDetached$`
	http.HandleFunc("/", web.Order)
}
