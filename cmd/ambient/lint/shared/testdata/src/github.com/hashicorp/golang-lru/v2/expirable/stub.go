package expirable

type LRU[K comparable, V any] struct{}

func (*LRU[K, V]) Add(key K, value V) bool { return false }
