// Package recipes stands for the folders below it: each is what a library needs to work with gls, in a few lines to
// copy, and its test on the real library under load. They are no packages to import: a recipe is yours to change.
//
// A pool runs the tasks of many on workers that are nobody's: each task is bound where it is submitted. A consumer, a
// scheduler and a poll loop are started with nothing set, and each message and each run of a job has a scope of its
// own. The completion of what one flow has begun, such as a promise of a producer, is bound by that flow.
//
// In a program built by ambient build all of this stays as it is. Workers of other modules start with nothing there,
// too; a loop in the program's own code would inherit from whoever starts it, which is what gls.Isolate is for.
package recipes
