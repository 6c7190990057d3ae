// Package realcode names the packages that the analyzers run over. Its go.mod pins their versions,
// go.sum their content.
package realcode

import (
	_ "github.com/gin-gonic/gin"
	_ "github.com/gin-gonic/gin/binding"
	_ "github.com/gin-gonic/gin/render"
	_ "github.com/go-chi/chi/v5"
	_ "github.com/go-chi/chi/v5/middleware"
	_ "github.com/go-kit/kit/auth/basic"
	_ "github.com/go-kit/kit/endpoint"
	_ "github.com/go-kit/kit/log"
	_ "github.com/go-kit/kit/metrics/generic"
	_ "github.com/go-kit/kit/ratelimit"
	_ "github.com/go-kit/kit/sd"
	_ "github.com/go-kit/kit/sd/lb"
	_ "github.com/go-kit/kit/transport/http"
	_ "github.com/go-kit/kit/transport/http/jsonrpc"
	_ "github.com/go-kit/kit/util/conn"
	_ "github.com/labstack/echo/v4"
	_ "github.com/labstack/echo/v4/middleware"
	_ "github.com/prometheus/client_golang/api"
	_ "github.com/prometheus/client_golang/api/prometheus/v1"
	_ "github.com/prometheus/client_golang/prometheus"
	_ "github.com/prometheus/client_golang/prometheus/collectors"
	_ "github.com/prometheus/client_golang/prometheus/graphite"
	_ "github.com/prometheus/client_golang/prometheus/promauto"
	_ "github.com/prometheus/client_golang/prometheus/promhttp"
	_ "github.com/prometheus/client_golang/prometheus/push"

	_ "github.com/ambient-go/ambient/gls"
	_ "github.com/ambient-go/ambient/httpctx"
)
