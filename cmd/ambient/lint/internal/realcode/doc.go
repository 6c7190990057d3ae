// Package realcode runs all analyzers over modules that many programs use: chi, echo, gin, go-kit
// and the Prometheus client. These do not use the library, so the analyzers report nothing in them.
// In a copy with planted losses the analyzers report these and nothing else. testdata/module pins
// the versions.
package realcode
