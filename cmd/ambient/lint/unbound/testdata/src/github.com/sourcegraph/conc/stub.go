package conc

type WaitGroup struct{}

func (*WaitGroup) Go(f func()) {}
