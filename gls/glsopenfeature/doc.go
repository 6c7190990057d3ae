// Package glsopenfeature has flags of github.com/open-feature/go-sdk evaluated for the user of the running flow in code
// that is handed no ctx:
//
//	openfeature.AddHooks(glsopenfeature.Hook())
//
// The user is set once, where he is known. It is OpenFeature's transaction context, carried by the ambient context (see
// gls.Context):
//
//	glsopenfeature.Run(openfeature.NewEvaluationContext("ada", map[string]any{"plan": "pro"}), func() {
//		next.ServeHTTP(w, r)
//	})
//
//	if client.Boolean(context.Background(), "new-checkout", false, openfeature.EvaluationContext{}) {
//
// One that a middleware has put into the request's ctx, by openfeature.WithTransactionContext, is found too, where
// httpctx.Middleware stands inside of that one. It ends with the request; that of [Run] stays with the goroutines that
// were started in it.
//
// # Precedence
//
// A ctx that carries a transaction context is explicit: nothing is added. Otherwise what the evaluation, its client,
// earlier hooks and openfeature.SetEvaluationContext say wins over the flow's. In the last the two ways differ: a hook
// does not see who has said what, and OpenFeature's own transaction context wins over SetEvaluationContext. Where both
// have one key, or a targeting key, hand the ambient context on, which is the same without any hook:
//
//	client.Boolean(gls.Context(), "new-checkout", false, openfeature.EvaluationContext{})
//
// So is client.Track, which calls no hook.
//
// # Concurrency
//
// All functions may be called from any number of goroutines at once. A goroutine that a plain go statement has started
// has no flow: its evaluations are those of nobody.
package glsopenfeature
