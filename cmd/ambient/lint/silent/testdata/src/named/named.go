package named

import (
	"log/slog"
	"net/http"

	"github.com/ambient-go/ambient/httpctx"
)

var _ = httpctx.LogHandler(slog.Default().Handler())

func Charge() {}

type Log struct{}

func (*Log) Printf(string) {}

func other() {}

func handler(w http.ResponseWriter, r *http.Request) {
	go Charge()            // want `logs with Charge`
	go new(Log).Printf("") // want `logs with new\(Log\).Printf`
	go other()
}

var _ http.HandlerFunc = handler
