// Package glsotel carries values of a flow to the next service over OpenTelemetry's propagators.
package glsotel
