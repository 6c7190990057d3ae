package ttlcache

import "time"

type Item[K comparable, V any] struct{}

type Cache[K comparable, V any] struct{}

type Loader[K comparable, V any] interface {
	Load(c *Cache[K, V], key K) *Item[K, V]
}

type LoaderFunc[K comparable, V any] func(*Cache[K, V], K) *Item[K, V]

func (l LoaderFunc[K, V]) Load(c *Cache[K, V], key K) *Item[K, V] { return l(c, key) }

type Option[K comparable, V any] interface{}

func WithLoader[K comparable, V any](l Loader[K, V]) Option[K, V] { return nil }

func (*Cache[K, V]) Set(key K, value V, ttl time.Duration) *Item[K, V] { return nil }
