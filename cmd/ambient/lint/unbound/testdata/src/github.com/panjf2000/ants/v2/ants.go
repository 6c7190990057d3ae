package ants

type Pool struct{}

func (*Pool) Submit(task func()) error { return nil }

func Submit(task func()) error { return nil }

type MultiPool struct{}

func (*MultiPool) Submit(task func()) error { return nil }
