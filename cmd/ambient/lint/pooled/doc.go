// Package pooled defines an analyzer of storages and keys that hold what a framework uses again.
//
// # Analyzer pooled
//
// pooled: find storages and keys of contexts that a framework uses again
//
// gin, echo, fiber, fasthttp and hertz take the context of a request from a pool and put it back
// when its handler returns. A goroutine of gls.Go or GoDetached that has the context in a storage
// then finds the next request in it, of another user. The analyzer reports a gls.Storage or
// httpctx.Key whose type is *gin.Context, echo.Context, *fiber.Ctx, fiber.Ctx, *fasthttp.RequestCtx
// or *app.RequestContext, or a struct, slice or map that has one. It reports such a context that is
// given to gls.RunContext or gls.WithContext, itself or in a context.Context that is derived from it,
// and one that is put into a storage or key of an interface type:
//
//	// WRONG
//	var current = gls.New[*gin.Context]("current")
//
//	// RIGHT
//	var tenant = gls.New[string]("tenant") // a copy of what is needed
//
//	// WRONG
//	func serve(c *gin.Context) { gls.RunContext(c, work) }
//
//	// RIGHT
//	func serve(c *gin.Context) { gls.RunContext(c.Request.Context(), work) }
//
// Strings and bytes that fiber, fasthttp and hertz return are in the same memory, unless the app is
// Immutable. What is given to a storage or key is reported:
//
//	// WRONG
//	func userOf(c *fiber.Ctx) { user.Run(c.Query("user"), work) }
//
//	// RIGHT
//	func userOf(c *fiber.Ctx) { user.Run(strings.Clone(c.Query("user")), work) }
package pooled
