package singleflight

type Result struct{ Val any }

type Group struct{}

func (*Group) Do(key string, fn func() (any, error)) (any, error, bool) {
	v, err := fn()
	return v, err, false
}

func (*Group) DoChan(key string, fn func() (any, error)) <-chan Result {
	go fn()
	return nil
}

func (*Group) Forget(key string) {}
