package glsdebug_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glsdebug"
	"github.com/ambient-go/ambient/httpctx"
	"github.com/ambient-go/ambient/internal/inspect"
)

// lose reads the color and the request on a goroutine that a plain go statement starts.
func lose() {
	done := make(chan struct{})
	go func() {
		defer close(done)
		color.Get()
		_, _ = httpctx.Get()
	}()
	<-done
}

func TestLossesWhileThePageIsOpen(t *testing.T) {
	if gls.Propagation() == gls.Inherited {
		t.Skip("the frames of others are not known in this build")
	}
	glsdebug.EndWatch()
	defer glsdebug.EndWatch()
	serve := func() {
		httpctx.Run(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/x", http.NoBody), func() {
			color.Run("red", lose)
		})
	}
	serve()
	a := ask(t, "")
	assert.NotNil(t, a.Losses)
	assert.Empty(t, a.Losses, "nobody looked")
	serve()
	serve()
	color.Run("red", func() { color.Get() })
	a = ask(t, "")
	require.Len(t, a.Losses, 2)
	for _, l := range a.Losses {
		assert.Contains(t, []string{"color", "httpctx"}, l.Storage)
		assert.Equal(t, 2, l.Count)
		assert.Contains(t, l.Function, "glsdebug_test.lose")
		assert.Contains(t, l.Position, "losses_test.go:20")
		assert.Contains(t, l.Read, "glsdebug_test.lose.func1")
	}
	_, page, _ := get(t, glsdebug.Handler(), "")
	assert.Contains(t, page, "Lost at plain go statements")
	assert.Contains(t, page, "missed 2 times")
	assert.NotContains(t, page, "red")

	glsdebug.EndWatch()
	assert.Nil(t, inspect.Misses.Load())
	assert.Empty(t, ask(t, "").Losses)
	_, page, _ = get(t, glsdebug.Handler(), "")
	assert.NotContains(t, page, "Lost at plain go statements")
}
