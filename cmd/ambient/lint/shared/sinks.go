package shared

// A sink takes a function, or a value, and gives the result to all callers that ask for the same
// key. key, fn and value are indexes of arguments, -1 for none.
type sink struct {
	key   int
	fn    int
	value int
	makes bool // makes a loader: a loader for a single request may be bound
	keeps bool // keeps the result, and calls the function for one caller alone: it may read its context
}

func loads(key, fn int) sink   { return sink{key: key, fn: fn, value: -1} }
func stores(key, val int) sink { return sink{key: key, fn: -1, value: val} }
func makes(fn int) sink        { return sink{key: -1, fn: fn, value: -1, makes: true} }

// sinks has names as in package runners: without a major version at the end of the path.
var sinks = map[string]sink{
	"sync.Map.LoadOrStore": stores(0, 1),

	"github.com/graph-gophers/dataloader.NewBatchedLoader": makes(0),
	"github.com/vikstrous/dataloadgen.NewLoader":           makes(0),
	"github.com/vikstrous/dataloadgen.NewMappedLoader":     makes(0),

	"github.com/golang/groupcache.NewGroup":      makes(2),
	"github.com/golang/groupcache/lru.Cache.Add": stores(0, 1),

	"github.com/hashicorp/golang-lru.Cache.Add":           stores(0, 1),
	"github.com/hashicorp/golang-lru.Cache.ContainsOrAdd": stores(0, 1),
	"github.com/hashicorp/golang-lru.Cache.PeekOrAdd":     stores(0, 1),
	"github.com/hashicorp/golang-lru.TwoQueueCache.Add":   stores(0, 1),
	"github.com/hashicorp/golang-lru.ARCCache.Add":        stores(0, 1),
	"github.com/hashicorp/golang-lru/arc.ARCCache.Add":    stores(0, 1),
	"github.com/hashicorp/golang-lru/simplelru.LRU.Add":   stores(0, 1),
	// The major version in these paths does not stand at the end.
	"github.com/hashicorp/golang-lru/v2/simplelru.LRU.Add": stores(0, 1),
	"github.com/hashicorp/golang-lru/v2/expirable.LRU.Add": stores(0, 1),

	"github.com/dgraph-io/ristretto.Cache.Set":        stores(0, 1),
	"github.com/dgraph-io/ristretto.Cache.SetWithTTL": stores(0, 1),

	"github.com/maypok86/otter.Cache.Get":              loads(1, 2),
	"github.com/maypok86/otter.Cache.BulkGet":          loads(1, 2),
	"github.com/maypok86/otter.Cache.Refresh":          loads(1, 2),
	"github.com/maypok86/otter.Cache.BulkRefresh":      loads(1, 2),
	"github.com/maypok86/otter.Cache.Compute":          loads(0, 1),
	"github.com/maypok86/otter.Cache.ComputeIfAbsent":  loads(0, 1),
	"github.com/maypok86/otter.Cache.ComputeIfPresent": loads(0, 1),
	"github.com/maypok86/otter.Cache.Set":              stores(0, 1),
	"github.com/maypok86/otter.Cache.SetIfAbsent":      stores(0, 1),

	"github.com/jellydator/ttlcache.WithLoader":               makes(0),
	"github.com/jellydator/ttlcache.NewSuppressedLoader":      makes(0),
	"github.com/jellydator/ttlcache.Cache.Set":                stores(0, 1),
	"github.com/jellydator/ttlcache.Cache.GetOrSet":           stores(0, 1),
	"github.com/jellydator/ttlcache.Cache.GetOrSetFunc":       loads(0, 1),
	"github.com/jellydator/ttlcache.Cache.SetLoaderFunction":  makes(0),
	"github.com/jellydator/ttlcache.Cache.GetByLoader":        loads(0, 1),
	"github.com/jellydator/ttlcache.Cache.GetByLoaderWithTtl": loads(0, 1),

	"github.com/patrickmn/go-cache.cache.Set":        stores(0, 1),
	"github.com/patrickmn/go-cache.cache.SetDefault": stores(0, 1),
	"github.com/patrickmn/go-cache.cache.Add":        stores(0, 1),
	"github.com/patrickmn/go-cache.cache.Replace":    stores(0, 1),

	"github.com/puzpuzpuz/xsync.Map.LoadOrStore":   stores(0, 1),
	"github.com/puzpuzpuz/xsync.Map.LoadOrCompute": loads(0, 1),
	"github.com/puzpuzpuz/xsync.Map.Compute":       loads(0, 1),

	"github.com/Code-Hex/go-generics-cache.Cache.Set":      stores(0, 1),
	"github.com/Code-Hex/go-generics-cache.Cache.GetOrSet": stores(0, 1),
}
