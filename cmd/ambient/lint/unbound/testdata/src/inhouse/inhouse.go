package inhouse

type Queue struct{ jobs chan func() }

func (q *Queue) Submit(priority int, job func()) { q.jobs <- job }

type Runner interface{ Later(func()) }

func Async(f func(), done func()) {}
