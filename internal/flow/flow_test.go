package flow_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/internal/flow"
)

func TestACtxIsOfAnotherFlow(t *testing.T) {
	tenant := gls.New[string]("tenant")
	other := func(ctx context.Context) bool {
		_, is := flow.Other(ctx)
		return is
	}
	assert.False(t, other(context.Background()), "nothing to tell by")
	acme := gls.NewContext(context.Background(), gls.Snapshot{}.With(tenant.With("acme")))
	globex := gls.NewContext(context.Background(), gls.Snapshot{}.With(tenant.With("globex")))
	assert.True(t, other(acme), "nothing is set here")
	gls.Resume(acme, func() {
		derived, cancel := context.WithCancel(acme)
		defer cancel()
		assert.False(t, other(acme))
		tenant.Run("newer", func() { assert.False(t, other(derived)) })
		gls.RunContext(derived, func() { assert.False(t, other(acme)) })
		assert.False(t, other(context.Background()))
		s, is := flow.Other(globex)
		assert.True(t, is)
		s.Run(func() { assert.Equal(t, "globex", tenant.GetOrFail()) })
	})
	gls.RunContext(context.TODO(), func() {
		empty := gls.NewContext(context.Background(), gls.Snapshot{})
		tenant.Run("acme", func() { assert.True(t, other(empty), "a frame in which nothing is set is one, too") })
	})
}
