// Package shared defines an analyzer of results that are computed with one request's values and
// given to others.
//
// # Analyzer shared
//
// shared: find what is computed with the values of one request and given to others
//
// singleflight, dataloaders and caches compute a value once and give it to all callers that ask for
// the same key. The function that computes the value sees the first caller's values: rows that only
// Ada may see get to Bob. The analyzer reports such a function if it reads a value of the flow,
// itself or through the functions it calls. It also reports a value that is stored for all and that
// was made from such a read:
//
//	// WRONG
//	func load(table string) (any, error) {
//		v, err, _ := group.Do(table, func() (any, error) { return visibleRows(table) }) // filters by user.Get
//		return v, err
//	}
//
//	// RIGHT
//	func load(table string) (any, error) {
//		key := user.GetOrFail() + "/" + table
//		v, err, _ := group.Do(key, func() (any, error) { return visibleRows(table) })
//		return v, err
//	}
//
// Compute a value that is the same for all with nothing set. A read that is left shows itself at
// once:
//
//	// RIGHT
//	func load(table string) (any, error) {
//		v, err, _ := group.Do(table, func() (v any, err error) {
//			gls.Isolate(func() { v, err = allRows(table) })
//			return v, err
//		})
//		return v, err
//	}
//
// A package-level map is such a cache, too, or one in a type of which there is a package-level
// variable, if a function returns what it has for a key and otherwise stores it:
//
//	// WRONG
//	func load(table string) (any, error) {
//		if rows, ok := cache[table]; ok {
//			return rows, nil
//		}
//		rows, err := visibleRows(table)
//		cache[table] = rows
//		return rows, err
//	}
//
//	// RIGHT
//	func load(table string) (any, error) {
//		key := user.GetOrFail() + "/" + table
//		if rows, ok := cache[key]; ok {
//			return rows, nil
//		}
//		rows, err := visibleRows(table)
//		cache[key] = rows
//		return rows, err
//	}
//
// So is a function of the module itself that looks for a key and otherwise keeps what a function
// returns that it is given. Known are Do and DoChan of golang.org/x/sync/singleflight and its copies, sync.Map.LoadOrStore,
// the loaders of graph-gophers/dataloader, vikstrous/dataloadgen, golang/groupcache, maypok86/otter
// and jellydator/ttlcache, and the values of these, hashicorp/golang-lru, dgraph-io/ristretto,
// patrickmn/go-cache, puzpuzpuz/xsync and Code-Hex/go-generics-cache. A read is not reported if the
// key is made from the same storage, or from the request if the function reads the request. There
// is no fix: gls.Bind there would give one caller's values to all for good. A loader of one request
// may be bound. The directive of barego silences a call:
//
//	//ambient:detached the callers have put the tenant into the key
//	v, err, _ := group.Do(key, load)
package shared
