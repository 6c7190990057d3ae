// Package toplevel defines an analyzer of ambient state that is read while a package is initialised.
//
// # Analyzer toplevel
//
// toplevel: find ambient state read in package-level variables and init
//
// The initialiser of a package-level variable and an init function run once, when the program starts. Nothing is set
// then, and there is no request: Get finds nothing and what it found is kept for good, GetOrFail panics. Where a test or
// a plugin sets something first, it is the value of whoever imports the package first.
//
//	// WRONG
//	var tenant = currentTenant.GetOrFail()
//
//	func find() { query(tenant) }
//
//	// RIGHT
//	func find() { query(currentTenant.GetOrFail()) }
//
// Reads are found through calls, in other packages too. Functions that are called there set what they read themselves
// with Run count as reading nothing. A function literal that is only stored does not run then, nor does what a go
// statement starts.
//
//	// WRONG
//	func init() { announce() }
//
//	func announce() { query(currentTenant.GetOrFail()) }
//
//	// RIGHT
//	var announce = func() { query(currentTenant.GetOrFail()) }
package toplevel
