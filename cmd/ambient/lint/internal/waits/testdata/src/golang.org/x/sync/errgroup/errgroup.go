package errgroup

type Group struct{}

func (*Group) Go(func() error)         {}
func (*Group) TryGo(func() error) bool { return true }
func (*Group) Wait() error             { return nil }
