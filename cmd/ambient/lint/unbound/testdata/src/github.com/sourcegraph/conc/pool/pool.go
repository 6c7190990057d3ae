package pool

import "context"

type Pool struct{}

func New() *Pool                                       { return &Pool{} }
func (*Pool) Go(f func())                              {}
func (*Pool) WithContext(context.Context) *ContextPool { return nil }

type ContextPool struct{}

func (*ContextPool) Go(f func(context.Context) error) {}

type ResultPool[T any] struct{}

func (*ResultPool[T]) Go(f func() T) {}
