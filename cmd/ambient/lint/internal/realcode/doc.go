// Package realcode runs all analyzers over modules that many programs use: chi, echo, gin, go-kit and the Prometheus
// client. They use nothing of ours, so nothing is reported in them; in a copy with a loss planted in some places these
// are, and nothing else. testdata/module pins the versions.
package realcode
