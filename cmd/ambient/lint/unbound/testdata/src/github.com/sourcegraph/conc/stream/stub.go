package stream

type (
	Stream   struct{}
	Task     func() Callback
	Callback func()
)

func (*Stream) Go(f Task) {}
