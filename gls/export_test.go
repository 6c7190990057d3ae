package gls

import "github.com/ambient-go/ambient/internal/carrier"

// Carried returns the number of goroutines that carry a frame or have a scope open.
func Carried() int { return carrier.Len() }
