package lru

type Cache[K comparable, V any] struct{}

func (*Cache[K, V]) Add(key K, value V) bool  { return false }
func (*Cache[K, V]) Get(key K) (v V, ok bool) { return }
