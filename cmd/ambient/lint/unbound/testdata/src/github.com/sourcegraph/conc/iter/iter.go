package iter

func Map[T, R any](input []T, f func(*T) R) []R { return nil }
