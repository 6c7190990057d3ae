package gls

import (
	"reflect"
	"sync"
	"time"
)

// Bind returns fn with the current frame attached. Wherever and whenever the result is called, fn
// runs with the frame that was in force at Bind, and afterwards the caller's frame is put back. F
// is any function type. Arguments, results, panics and runtime.Goexit pass through. A function that
// is already bound keeps its own frame.
//
// A call of the result costs a Snapshot.Run for func() and func() error. For other types it costs a
// call by reflect.MakeFunc, some hundred nanoseconds; a closure around a Snapshot is cheaper there.
//
// Bind panics if fn is nil or not a function.
func Bind[F any](fn F) F {
	typ := reflect.TypeFor[F]()
	if typ.Kind() != reflect.Func {
		panic("gls.Bind: " + typ.String() + " is not a function type")
	}
	if f, ok := any(fn).(func()); ok {
		return any(bindPlain(f)).(F)
	}
	value := reflect.ValueOf(fn)
	if value.IsNil() {
		panic("gls.Bind: nil function")
	}
	snapshot := Capture()
	if plain := reflect.TypeFor[func()](); typ.ConvertibleTo(plain) {
		bound := snapshot.bind(value.Convert(plain).Interface().(func()))
		return reflect.ValueOf(bound).Convert(typ).Interface().(F)
	}
	if f, ok := any(fn).(func() error); ok {
		return any(func() (err error) {
			snapshot.Run(func() { err = f() })
			return err
		}).(F)
	}
	call := value.Call
	if typ.IsVariadic() {
		call = value.CallSlice
	}
	return reflect.MakeFunc(typ, func(args []reflect.Value) (results []reflect.Value) {
		snapshot.Run(func() { results = call(args) })
		return results
	}).Interface().(F)
}

func bindPlain(fn func()) func() {
	if fn == nil {
		panic("gls.Bind: nil function")
	}
	return Capture().bind(fn)
}

func (s Snapshot) bind(fn func()) func() {
	return func() { s.Run(fn) }
}

// AfterFunc is time.AfterFunc with the caller's frame, as it is at the call, attached to fn. Stop
// and Reset of the timer work as usual; the frame stays with the timer. It panics if fn is nil.
func AfterFunc(d time.Duration, fn func()) *time.Timer {
	if fn == nil {
		panic("gls.AfterFunc: nil function")
	}
	return time.AfterFunc(d, Bind(starting(fn)))
}

// A WaitGroup is a sync.WaitGroup whose Go carries the frame. The zero value is ready to use. A
// WaitGroup must not be copied after first use.
type WaitGroup struct {
	group sync.WaitGroup
}

// Add is [sync.WaitGroup.Add].
func (wg *WaitGroup) Add(delta int) { wg.group.Add(delta) }

// Done is [sync.WaitGroup.Done].
func (wg *WaitGroup) Done() { wg.group.Done() }

// Wait is [sync.WaitGroup.Wait].
func (wg *WaitGroup) Wait() { wg.group.Wait() }

// Go is [sync.WaitGroup.Go] with the caller's frame, as it is at the call, in force in fn. It
// panics if fn is nil.
func (wg *WaitGroup) Go(fn func()) {
	if fn == nil {
		panic("gls.WaitGroup.Go: nil function")
	}
	wg.group.Go(Bind(starting(fn)))
}
