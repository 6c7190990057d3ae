// Command ambient-vet runs ambient's analyzers for the go command:
//
//	go vet -vettool=$(which ambient-vet) ./...
//
// "ambient vet" does the same, and can fix the findings.
package main

import (
	"golang.org/x/tools/go/analysis/unitchecker"

	"github.com/ambient-go/ambient/cmd/ambient/lint"
)

func main() { unitchecker.Main(lint.Vettool()...) }
