package pond

type (
	Task              interface{}
	ResultTask[R any] interface{}
)

type Pool interface {
	Go(task func()) error
	Submit(task func()) Task
	SubmitErr(task func() error) Task
	TrySubmit(task func()) (Task, bool)
	TrySubmitErr(task func() error) (Task, bool)
	NewGroup() TaskGroup
}

type ResultPool[R any] interface {
	Submit(task func() R) ResultTask[R]
	SubmitErr(task func() (R, error)) ResultTask[R]
	NewGroup() ResultTaskGroup[R]
}

type TaskGroup interface {
	Submit(tasks ...func()) TaskGroup
	SubmitErr(tasks ...func() error) TaskGroup
}

type ResultTaskGroup[O any] interface {
	Submit(tasks ...func() O) ResultTaskGroup[O]
}

func Submit(task func()) Task          { return nil }
func SubmitErr(task func() error) Task { return nil }
