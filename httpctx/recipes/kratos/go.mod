module github.com/ambient-go/ambient/httpctx/recipes/kratos

go 1.25.0

require (
	github.com/ambient-go/ambient v0.0.0
	github.com/stretchr/testify v1.12.1
)

require (
	github.com/go-kratos/kratos/v2 v2.8.3 // indirect
	github.com/go-playground/form/v4 v4.2.0 // indirect
	github.com/google/uuid v1.4.0 // indirect
	golang.org/x/sync v0.5.0 // indirect
	google.golang.org/protobuf v1.33.0 // indirect
	gopkg.in/yaml.v3 v3.0.1 // indirect
)

replace github.com/ambient-go/ambient => ../../..
