package glsopenfeature

import (
	"context"

	"github.com/open-feature/go-sdk/openfeature"

	"github.com/ambient-go/ambient/gls"
)

// Run calls fn with ec merged into the transaction context of the ambient context, of which ec's attributes and
// targeting key win. Run ends as gls.RunContext does. It panics if fn is nil.
func Run(ec openfeature.EvaluationContext, fn func()) {
	if fn == nil {
		panic("glsopenfeature.Run: nil function")
	}
	gls.RunContext(openfeature.MergeTransactionContext(gls.Context(), ec), fn)
}

// Hook returns a hook by which evaluations whose ctx carries no transaction context see that of the ambient context. It
// is safe for concurrent use.
func Hook() openfeature.Hook { return hook{} }

type hook struct{ openfeature.UnimplementedHook }

// Before adds what the evaluation does not say itself. What it returns takes the place of what earlier hooks have said,
// so it says that again.
func (hook) Before(
	ctx context.Context, evaluation openfeature.HookContext, _ openfeature.HookHints,
) (*openfeature.EvaluationContext, error) {
	if !empty(openfeature.TransactionContext(ctx)) {
		return nil, nil //nolint:nilnil // nothing to add is no error
	}
	ambient := openfeature.TransactionContext(gls.Context())
	if empty(ambient) {
		return nil, nil //nolint:nilnil // as above
	}
	merged := openfeature.TransactionContext(openfeature.MergeTransactionContext(
		openfeature.WithTransactionContext(context.Background(), ambient), evaluation.EvaluationContext()))
	return &merged, nil
}

func empty(ec openfeature.EvaluationContext) bool {
	return ec.TargetingKey() == "" && len(ec.Attributes()) == 0
}
