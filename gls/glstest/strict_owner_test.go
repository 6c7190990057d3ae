package glstest_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/internal/goroutine"
)

func TestStrictIgnoresScopesOfOtherTests(t *testing.T) {
	t.Run("that are not strict", func(t *testing.T) {
		f := strict(t)
		beside(t, idle, func(t *testing.T) {
			g := verifying(t)
			scope := count.Enter(1)
			scope.Leave()
			scope.Leave()
			assert.Empty(t, g.end())
		})
		assert.Len(t, f.end(), 1, "a subtest that is not strict belongs to its parent")
	})

	t.Run("beside it", func(t *testing.T) {
		run, done := make(chan bool), make(chan bool)
		other := func(*testing.T) {
			go func() {
				<-run
				scope := count.Enter(1)
				scope.Leave()
				scope.Leave()
				go func() { count.Enter(2); close(done) }()
			}()
		}
		beside(t, other, func(t *testing.T) {
			f := strict(t)
			close(run)
			<-done
			assert.Empty(t, f.end())
		})
	})

	t.Run("from before it", func(t *testing.T) {
		scope := user.Enter("ann")
		f := strict(t)
		scope.Leave()
		scope.Leave()
		assert.Empty(t, f.end())
	})
}

func TestStrictTestsInParallel(t *testing.T) {
	t.Run("group", func(t *testing.T) {
		for i := range 8 {
			t.Run(fmt.Sprint(i), func(t *testing.T) {
				t.Parallel()
				f := strict(t)
				storage := gls.New[int](fmt.Sprint("storage", i))
				var wg sync.WaitGroup
				wg.Go(func() {
					var wg sync.WaitGroup
					wg.Go(func() {
						scope := storage.Enter(1)
						scope.Leave()
						if i%2 == 0 {
							scope.Leave()
						}
					})
					wg.Wait()
				})
				wg.Wait()
				if i%2 == 0 {
					assertLines(t, f.failure(t), fmt.Sprintf("the scope of \"storage%d\" was left twice\n", i))
				} else {
					assert.Empty(t, f.end())
				}
			})
		}
	})
}

func TestStrictGivesAScopeToTheInnermostTest(t *testing.T) {
	f := strict(t)
	t.Run("subtest", func(t *testing.T) {
		g := strict(t)
		count.Run(1, func() { user.Enter("ann") })
		b := block(t)
		go func() {
			defer b.hang()
			count.Run(1, func() { plain.Enter(nil) })
		}()
		b.wait()
		assert.Len(t, g.end(), 2)
	})
	assert.Empty(t, f.end())
}

func TestStrictWatchesOrphansWhenNoOtherTestRan(t *testing.T) {
	loose := func(t *testing.T) {
		creator, run, done := make(chan uint64), make(chan bool), make(chan bool)
		go func() {
			go func() {
				<-run
				count.Run(1, func() { user.Enter("ann") })
				close(done)
			}()
			creator <- goroutine.ID()
		}()
		gone(t, <-creator)
		close(run)
		<-done
	}
	f := strict(t)
	loose(t)
	assertLines(t, f.failure(t), "was not left by the end of the test\n")

	beside(t, idle, func(t *testing.T) {
		f := strict(t)
		loose(t)
		assert.Empty(t, f.end())
	})
}
