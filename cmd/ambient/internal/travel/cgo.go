//go:build cgo && unix

package main

/*
#include <pthread.h>

extern void travelCallback(void);

static void *on_thread(void *arg) { travelCallback(); return arg; }

static void call_here(void) { travelCallback(); }

static int call_on_thread(void) {
	pthread_t t;
	int err = pthread_create(&t, 0, on_thread, 0);
	return err ? err : pthread_join(t, 0);
}
*/
import "C"

import "github.com/ambient-go/ambient/gls"

// left is a scope that is never left.
var left gls.Scope

// callback is the function that C calls. It is stored before C is called, which happens on one
// thread at a time.
var callback func()

//export travelCallback
func travelCallback() { callback() }

var fromC = []way{
	{"a callback from C, on the thread that called C", func(report func()) {
		callback = report
		with(func() { C.call_here() })
	}},
	{"a callback from C, on a thread of C", func(report func()) {
		callback = func() {
			value.Run("somebody else's", func() {})
			if gls.Propagation() == gls.Inherited {
				left = value.Enter("somebody else's") // in explicit propagation the next callback would see it
			}
		}
		elsewhere(func() { C.call_on_thread() })
		callback = report
		with(func() { C.call_on_thread() })
	}},
}
