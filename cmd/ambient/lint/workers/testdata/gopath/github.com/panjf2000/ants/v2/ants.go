package ants

type PoolWithFunc struct{}

func NewPoolWithFunc(size int, pf func(any)) (*PoolWithFunc, error) { return nil, nil }

type PoolWithFuncGeneric[T any] struct{}

func NewPoolWithFuncGeneric[T any](size int, pf func(T)) (*PoolWithFuncGeneric[T], error) {
	return nil, nil
}

func NewMultiPoolWithFunc(size, sizePerPool int, fn func(any), lbs int) (*PoolWithFunc, error) {
	return nil, nil
}

func Submit(task func()) error { return nil }
