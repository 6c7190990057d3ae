// Package forms has a go statement of every form.
package forms

import (
	"fmt"
	"time" // for the pause

	"github.com/ambient-go/ambient/gls"
)

var s = gls.New[int]("s")

func read() int { v, _ := s.Get(); return v }

func none()                        { read() }
func one(n int)                    { read() }
func two(id int, name string)      { read() }
func many(format string, v ...any) { read() }
func wide(n int64, e error)        { read() }
func flag(b myBool)                { read() }
func call(f func())                { f() }
func gen[T any](v T)               { read() }
func pair() (int, string)          { return 1, "" }

type myBool bool

type T struct{ n int }

func (t T) value(n int)    { read() }
func (t *T) pointer()      { read() }
func (t *T) result() error { read(); return nil }
func (t *T) self() *T      { return t }

func literals(n int, t T) {
	go func() { read() }() // want `reads`
	go func() error {      // want `reads`
		read()
		return nil
	}()
	go func(id int) { // want `reads`
		fmt.Println(id, read()) // a comment that stays
	}(n)
	for n := range 3 {
		go func(n int) { // want `reads`
			fmt.Println(n, read())
		}(n)
	}
	go func(wide int64, e error, f func(), p *T) { // want `reads`
		fmt.Println(wide, e, f, p, read())
	}(1, nil, nil, &t)
	go func(unused int, _ string) { read() }(n, fmt.Sprint(n)) // want `reads`
	go func(v ...int) { fmt.Println(v, read()) }(n, n+1)       // want `reads`
	go func(n int) { fmt.Println(n, read()) }(n)               // want `reads`
	fmt.Println(n)
}

func calls(n int, name string, t *T, fs []func(int), xs []any) {
	go none()                                       // want `reads`
	go read()                                       // want `reads`
	go one(1)                                       // want `reads`
	go one(n)                                       // want `reads`
	go two(n+1, fmt.Sprint(name /* inner */, name)) // want `reads`
	go two(pair())                                  // want `reads`
	go many("%v %v", n, name)                       // want `reads`
	go many("%v", xs...)                            // want `reads`
	go wide(1<<n, nil)                              // want `reads`
	go flag(n > 1)                                  // want `reads`
	go gen(n)                                       // want `reads`
	go gen[any](name)                               // want `reads`
	go t.value(n)                                   // want `reads`
	go t.pointer()                                  // want `reads`
	go t.self().pointer()                           // want `reads`
	go t.result()                                   // want `reads`
	go (*T).pointer(t)                              // want `reads`
	go call(func() {                                // want `reads`
		time.Sleep(1)
		read()
	})
	go call(none) // want `reads`
	f := none
	go f() // want `reads`
	f = nil
	go s.Get()        // want `reads`
	go /* why */ one( // want `reads`
		// the number
		n)
}

func places(n int, ch chan int) {
	switch n {
	case 1:
		go one(n) // want `reads`
	default:
		go one(n) // want `reads`
	}
	if n > 1 {
		go one(n) // want `reads`
	}
	select {
	case n := <-ch:
		go one(n) // want `reads`
	}
label:
	for {
		go one(n) // want `reads`
		break label
	}
	func() { go one(n) }() // want `reads`
}

func jump(n int) {
	if n > 1 {
		goto end
	}
	go one(n) // want `reads`
end:
	go one(n) // want `reads`
}

func shadowed(n int) {
	gls := n
	go one(gls) // want `reads`
}
