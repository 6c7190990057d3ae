package iter

func Map[T, R any](input []T, f func(*T) R) []R { return nil }

type Iterator[T any] struct{}

func (Iterator[T]) ForEach(input []T, f func(*T)) {}

func ForEach[T any](input []T, f func(*T))         {}
func ForEachIdx[T any](input []T, f func(int, *T)) {}
