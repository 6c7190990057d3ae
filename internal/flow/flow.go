// Package flow tells whether a ctx belongs to the running flow of control or to another one.
package flow

import (
	"context"

	"github.com/ambient-go/ambient/gls"
)

// Other returns the snapshot that ctx carries, and true, where ctx is one of another flow, so that what is done for ctx
// is done in that snapshot. Where ctx carries none there is nothing to tell by, and the running flow it is. Where the
// ambient context carries the same one the running flow is ctx's own and may have set more values since: a handler
// that has resumed its request's ctx and passes that ctx on, say.
func Other(ctx context.Context) (gls.Snapshot, bool) {
	s, ok := gls.FromContext(ctx)
	if !ok {
		return gls.Snapshot{}, false
	}
	own, ok := gls.FromContext(gls.Context())
	return s, !ok || own != s
}
