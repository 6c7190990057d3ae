package frame_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/internal/frame"
)

// Scopes that nobody leaves, one in the other: the innermost stay open, and no list grows without end.
func TestLendersOfEntersThatAreNeverLeft(t *testing.T) {
	var s frame.Storage
	f := (*frame.Frame)(nil).With(bind(&s, 1), nil)
	lenders := []*frame.Lender{new(frame.Lender)}
	for range 1000 {
		lenders = append(lenders, lenders[len(lenders)-1].Inside(f))
	}
	ended := 0
	for _, l := range lenders {
		if l.Ended() {
			assert.True(t, l.EndedWith(&s))
			ended++
		}
	}
	assert.Equal(t, len(lenders)-65, ended)
	for i, l := range lenders {
		assert.Equal(t, i < ended, l.Ended(), "the outermost end first: %d", i)
	}
	assert.Nil(t, lenders[len(lenders)-1].End(f, lenders[0]), "that has ended before")
	for _, l := range lenders {
		assert.True(t, l.Ended())
	}
}

func TestLenderEndsWithThoseInsideOfIt(t *testing.T) {
	var s, other frame.Storage
	f := (*frame.Frame)(nil).With(bind(&s, 1), nil)
	outer := new(frame.Lender)
	middle := outer.Inside(f)
	inner := middle.Inside(f)
	assert.Same(t, outer, inner.End(f, outer))
	assert.True(t, inner.Ended() && middle.Ended())
	assert.False(t, outer.Ended())
	assert.True(t, middle.EndedWith(&s))
	assert.False(t, middle.EndedWith(&other))
	assert.Same(t, outer, outer.End(f, outer), "nothing is inside")
	assert.Nil(t, outer.End(nil, nil))
	assert.True(t, outer.Ended())
	assert.Nil(t, (*frame.Lender)(nil).End(f, outer))
}
