package workerpool

type WorkerPool struct{}

func (*WorkerPool) Submit(task func())       {}
func (*WorkerPool) SubmitWait(task func())   {}
func (*WorkerPool) Do(task func()) error     { return nil }
func (*WorkerPool) DoWait(task func()) error { return nil }
