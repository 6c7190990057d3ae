module github.com/ambient-go/ambient/gls/glsopenfeature

go 1.25.0

require (
	github.com/ambient-go/ambient v0.0.0
	github.com/open-feature/go-sdk v1.18.0
	github.com/stretchr/testify v1.12.1
)

require (
	github.com/petermattis/goid v0.0.0-20260820044319-269ab09b5261 // indirect
	go.uber.org/mock v0.6.0 // indirect
	go.yaml.in/yaml/v3 v3.0.5 // indirect
)

replace github.com/ambient-go/ambient => ../..
