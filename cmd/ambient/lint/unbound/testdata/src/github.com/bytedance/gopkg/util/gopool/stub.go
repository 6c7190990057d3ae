package gopool

import "context"

type Pool interface {
	Go(f func())
	CtxGo(ctx context.Context, f func())
}

func Go(f func())                         {}
func CtxGo(ctx context.Context, f func()) {}
