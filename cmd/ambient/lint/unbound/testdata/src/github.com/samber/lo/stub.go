package lo

func Async[A any](f func() A) <-chan A                 { return nil }
func Async0(f func()) <-chan struct{}                  { return nil }
func Async2[A, B any](f func() (A, B)) <-chan struct{} { return nil }

func Map[T, R any](collection []T, transform func(item T, index int) R) []R {
	for i, item := range collection {
		transform(item, i)
	}
	return nil
}

func Async6[A, B, C, D, E, F any](f func() (A, B, C, D, E, F)) <-chan struct{} { return nil }

func Generator[T any](bufferSize int, generator func(yield func(T))) <-chan T { return nil }
