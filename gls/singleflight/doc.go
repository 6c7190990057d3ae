// Package singleflight is golang.org/x/sync/singleflight whose shared function is nobody's. Only the import path
// changes:
//
//	import "github.com/ambient-go/ambient/gls/singleflight"
//
//	var flights singleflight.Group
//
//	page, err, _ := flights.Do(slug, func() (any, error) { return load(slug) })
//
// Do and DoChan call the function with nothing set, as in gls.Isolate: no user, no request, no ambient context, no
// attributes of log lines. One flow happens to come first, and its function runs for all that ask while it does. With
// the first one's values in force, a page that reads the user somewhere below is rendered for Ada and handed to Bob; a
// query that the ambient context cancels fails for all because one of them went away; and the lines that the work logs
// are those of a request that may be over. What the function needs it takes from its closure, where a reader compares
// it with the key: all that decides about the result belongs in there.
//
// The callers keep their own values: before, while they wait and after.
//
// # As the caller
//
// DoAsCaller and DoChanAsCaller call the function with the values of the flow that happens to come first, on behalf of
// all. They are for work whose result is the same whoever asks, and which reads values only to say what happened (a
// trace, log lines), and for keys that contain the identity: tenant + "/" + slug. With x/sync, Do does this, and
// DoChan loses the values.
//
// One [Group] may be used both ways. Of calls that share a key the first one decides: its function runs, in its way.
//
// All else is x/sync's: a [Group] is one of it inside, [Result] is its type, and panics and runtime.Goexit in the
// function reach all callers as they do there.
package singleflight
