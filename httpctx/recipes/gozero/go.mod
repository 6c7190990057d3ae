module github.com/ambient-go/ambient/httpctx/recipes/gozero

go 1.25.0

require (
	github.com/ambient-go/ambient v0.0.0
	github.com/stretchr/testify v1.12.1
)

require github.com/zeromicro/go-zero v1.10.3 // indirect

replace github.com/ambient-go/ambient => ../../..
