package app

type RequestContext struct{}
