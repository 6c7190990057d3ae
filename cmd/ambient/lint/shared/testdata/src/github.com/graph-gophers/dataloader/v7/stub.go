package dataloader

import "context"

type Result[V any] struct{ Data V }

type BatchFunc[K comparable, V any] func(context.Context, []K) []*Result[V]

type Loader[K comparable, V any] struct{}

func NewBatchedLoader[K comparable, V any](batchFn BatchFunc[K, V]) *Loader[K, V] { return nil }
