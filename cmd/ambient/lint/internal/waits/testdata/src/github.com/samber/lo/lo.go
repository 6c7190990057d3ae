package lo

func Async[A any](f func() A) <-chan A { return nil }
