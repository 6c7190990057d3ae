// The examples stand for the test functions of users. The first line of a failure is printed here; the rest names
// goroutines and lines.
package glstest_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glstest"
)

// printer is a testing.TB that prints the first line of each failure.
type printer struct {
	testing.TB
	cleanups []func()
}

func (p *printer) Helper()           {}
func (p *printer) Cleanup(fn func()) { p.cleanups = append(p.cleanups, fn) }
func (p *printer) Errorf(format string, args ...any) {
	first, _, _ := strings.Cut(fmt.Sprintf(format, args...), "\n")
	fmt.Println(first)
}

// run calls a test function as go test does.
func run(test func(t testing.TB)) {
	p := new(printer)
	test(p)
	for _, cleanup := range slices.Backward(p.cleanups) {
		cleanup()
	}
}

func ExampleVerifyNone() {
	tenant := gls.New[string]("tenant")
	jobs := make(chan string)
	defer close(jobs)

	// func TestWorker(t *testing.T) {
	run(func(t testing.TB) {
		glstest.VerifyNone(t)
		tenant.Run("acme", func() {
			gls.Go(func() { // a worker that outlives the test, as this tenant
				for range jobs {
				}
			})
		})
	})
	// Output:
	// glstest.VerifyNone: 1 goroutine still carries a frame
}

func ExampleVerifyNone_passes() {
	tenant := gls.New[string]("tenant")

	// func TestWorker(t *testing.T) {
	run(func(t testing.TB) {
		glstest.VerifyNone(t)
		tenant.Run("acme", func() {
			var wg gls.WaitGroup
			wg.Go(func() { fmt.Println(tenant.GetOrFail()) })
			wg.Wait()
		})
	})
	// Output:
	// acme
}

func ExampleNoLosses() {
	tenant := gls.New[string]("tenant")

	// func TestMail(t *testing.T) {
	run(func(t testing.TB) {
		glstest.NoLosses(t)
		tenant.Run("acme", func() {
			sent := make(chan struct{})
			go func() { // should be gls.Go
				defer close(sent)
				_, _ = tenant.Get()
			}()
			<-sent
		})
	})
	// Output:
	// glstest.NoLosses: values are lost at 1 go statement
}

func ExampleStrict() {
	tenant := gls.New[string]("tenant")
	locale := gls.New[string]("locale")

	// func TestScopes(t *testing.T) {
	run(func(t testing.TB) {
		glstest.Strict(t)
		outer := tenant.Enter("acme")
		inner := locale.Enter("fr")
		outer.Leave() // before inner
		inner.Leave()
		inner.Leave()
		tenant.Run("acme", func() {
			locale.Enter("fr") // ends with Run, without a Leave
		})
	})
	// Output:
	// glstest.Strict: the scope of "tenant" was left out of order
	// glstest.Strict: the scope of "locale" was left twice
	// glstest.Strict: the scope of "locale" was not left by the end of the test
}
