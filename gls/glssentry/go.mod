module github.com/ambient-go/ambient/gls/glssentry

go 1.25.0

require (
	github.com/ambient-go/ambient v0.0.0
	github.com/getsentry/sentry-go v0.50.0
	github.com/stretchr/testify v1.12.1
)

require (
	github.com/petermattis/goid v0.0.0-20260820044319-269ab09b5261 // indirect
	go.yaml.in/yaml/v3 v3.0.5 // indirect
	golang.org/x/sys v0.47.0 // indirect
	golang.org/x/text v0.41.0 // indirect
)

replace github.com/ambient-go/ambient => ../..
