package glsotel

import (
	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glswire"
)

// A Wire is a value of a flow that travels to other processes. It is made by Value.
type Wire = glswire.Wire

// Value returns a Wire for what s holds, which travels as the baggage member key, written by codec: one of package
// glswire (String, Int, Text, JSON) or of your own. It panics as glswire.Value does.
func Value[T any](key string, s *gls.Storage[T], codec glswire.Codec[T]) Wire {
	return glswire.Value(key, s, codec)
}
