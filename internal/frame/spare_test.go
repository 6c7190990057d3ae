package frame_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/internal/frame"
)

// A spare is used where it is what would be allocated otherwise, and holds nothing.
func TestSpare(t *testing.T) {
	s := newStorages(8, 1)
	var none *frame.Frame
	b := bind(s[0], 1)
	one := none.With(b, nil)
	require.True(t, one.Empty())
	assert.True(t, one.First().Key == nil && one.First().Value == nil)
	assert.Same(t, one, none.With(b, one))
	assert.Same(t, one, one.With(bind(s[0], 2), one), "of the same storage")
	require.True(t, one.Empty())

	for n := 2; n <= 8; n++ {
		f := none.Copy(n, nil)
		for i := range n {
			f.Put(frame.Entry{Binding: bind(s[i], i)})
		}
		if n > 5 {
			assert.False(t, f.Empty(), "large")
			continue
		}
		require.True(t, f.Empty())
		assert.NotSame(t, f, none.With(b, f), "too large")
		assert.NotSame(t, one, none.Copy(n, one), "too small")
		assert.Same(t, f, none.Copy(n, f))
		f.Put(frame.Entry{Binding: b})
		assert.Equal(t, 1, f.Len())
		assert.NotSame(t, f, none.Copy(2*n+1, f))
	}
	nothing := frame.Nothing()
	assert.Same(t, nothing, frame.Nothing())
	assert.NotNil(t, nothing.First().Key)
	assert.Nil(t, nothing.Find(b.Key))
}
