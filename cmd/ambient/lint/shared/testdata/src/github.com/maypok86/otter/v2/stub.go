package otter

import "context"

type Loader[K comparable, V any] interface {
	Load(ctx context.Context, key K) (V, error)
	Reload(ctx context.Context, key K, oldValue V) (V, error)
}

type LoaderFunc[K comparable, V any] func(ctx context.Context, key K) (V, error)

func (f LoaderFunc[K, V]) Load(ctx context.Context, key K) (V, error) { return f(ctx, key) }
func (f LoaderFunc[K, V]) Reload(ctx context.Context, key K, oldValue V) (V, error) {
	return f(ctx, key)
}

type Cache[K comparable, V any] struct{}

func (*Cache[K, V]) Get(ctx context.Context, key K, loader Loader[K, V]) (v V, err error) { return }
func (*Cache[K, V]) ComputeIfAbsent(key K, f func() (V, bool)) (v V, ok bool)             { return }
