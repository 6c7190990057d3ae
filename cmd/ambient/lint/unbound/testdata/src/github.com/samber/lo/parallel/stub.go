package parallel

func Map[T, R any](collection []T, transform func(item T, index int) R) []R    { return nil }
func ForEach[T any](collection []T, callback func(item T, index int))          {}
func Times[T any](count int, iteratee func(index int) T) []T                   { return nil }
func GroupBy[T any, U comparable](collection []T, iteratee func(item T) U) any { return nil }

func PartitionBy[T any, K comparable](collection []T, iteratee func(item T) K) [][]T { return nil }
