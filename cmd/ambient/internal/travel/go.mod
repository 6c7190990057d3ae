module github.com/ambient-go/ambient/cmd/ambient/internal/travel

go 1.25.0

require (
	github.com/ambient-go/ambient v0.0.0
	github.com/ambient-go/ambient/cmd/ambient v0.0.0
	github.com/stretchr/testify v1.12.1
	golang.org/x/sync v0.22.0
)

require (
	github.com/petermattis/goid v0.0.0-20260820044319-269ab09b5261 // indirect
	go.yaml.in/yaml/v3 v3.0.5 // indirect
)

replace (
	github.com/ambient-go/ambient => ../../../..
	github.com/ambient-go/ambient/cmd/ambient => ../..
)
