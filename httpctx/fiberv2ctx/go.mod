module github.com/ambient-go/ambient/httpctx/fiberv2ctx

go 1.25.0

require (
	github.com/ambient-go/ambient v0.0.0
	github.com/ambient-go/ambient/httpctx/fasthttpctx v0.0.0
	github.com/gofiber/fiber/v2 v2.52.15
	github.com/stretchr/testify v1.12.1
)

require (
	github.com/andybalholm/brotli v1.1.0 // indirect
	github.com/google/uuid v1.6.0 // indirect
	github.com/klauspost/compress v1.17.9 // indirect
	github.com/mattn/go-colorable v0.1.13 // indirect
	github.com/mattn/go-isatty v0.0.20 // indirect
	github.com/mattn/go-runewidth v0.0.16 // indirect
	github.com/petermattis/goid v0.0.0-20260820044319-269ab09b5261 // indirect
	github.com/rivo/uniseg v0.2.0 // indirect
	github.com/valyala/bytebufferpool v1.0.0 // indirect
	github.com/valyala/fasthttp v1.51.0 // indirect
	github.com/valyala/tcplisten v1.0.0 // indirect
	go.yaml.in/yaml/v3 v3.0.5 // indirect
	golang.org/x/sys v0.28.0 // indirect
)

replace (
	github.com/ambient-go/ambient => ../..
	github.com/ambient-go/ambient/httpctx/fasthttpctx => ../fasthttpctx
)
