// Package toplevel defines an analyzer of ambient state that is read while a package is
// initialised.
//
// # Analyzer toplevel
//
// toplevel: find ambient state read in package-level variables and init
//
// The initialiser of a package-level variable and an init function run once, when the program
// starts. Nothing is set then, and there is no request: Get finds nothing, and the variable keeps
// that result for good; GetOrFail panics. If a test or a plugin sets a value first, the variable
// keeps the value of the first importer.
//
//	// WRONG
//	var tenant = currentTenant.GetOrFail()
//
//	func find() { query(tenant) }
//
//	// RIGHT
//	func find() { query(currentTenant.GetOrFail()) }
//
// Reads are found through calls, in other packages too. A function that sets a value itself with
// Run and reads it counts as reading nothing. A function literal that is only stored does not run
// then, nor does the function of a go statement.
//
//	// WRONG
//	func init() { announce() }
//
//	func announce() { query(currentTenant.GetOrFail()) }
//
//	// RIGHT
//	var announce = func() { query(currentTenant.GetOrFail()) }
package toplevel
