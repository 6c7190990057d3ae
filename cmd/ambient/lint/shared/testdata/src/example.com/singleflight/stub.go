package singleflight

import "context"

type Group[V any] struct{}

func (*Group[V]) Do(ctx context.Context, key string, fn func(context.Context) (V, error)) (v V, err error) {
	return
}
