package gls_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/gls"
)

func TestSmoke(t *testing.T) {
	s := gls.New[string]("user")
	s2 := gls.New[error]("err")
	_, ok := s.Get()
	assert.False(t, ok)
	s.Run("a", func() {
		s2.Run(nil, func() {
			e, ok := s2.Get()
			assert.True(t, ok)
			assert.NoError(t, e)
			a := s.Enter("b")
			b := s.Enter("c")
			a.Leave()
			v, _ := s.Get()
			assert.Equal(t, "a", v)
			b.Leave()
			v, _ = s.Get()
			assert.Equal(t, "a", v)
			done := make(chan struct{})
			gls.Go(func() {
				v, _ := s.Get()
				assert.Equal(t, "a", v)
				close(done)
			})
			<-done
			errc := make(chan error)
			go func() {
				_, err := s.Lookup()
				errc <- err
			}()
			err := <-errc
			if gls.Propagation() == gls.Inherited {
				assert.NoError(t, err)
				return
			}
			var nse *gls.NotSetError
			assert.True(t, errors.As(err, &nse) && nse.Lost && errors.Is(err, gls.ErrNotSet))
		})
	})
	_, ok = s.Get()
	assert.False(t, ok)
}
