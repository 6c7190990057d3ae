package conformance_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/gls"
)

// What package testing starts and calls back: it needs a testing.T and so runs outside of the states.
func TestConformanceGoTesting(t *testing.T) {
	s := gls.New[string]("")
	with := func(t *testing.T) *probe { return &probe{t: t} }
	t.Run("G-42 subtests are goroutines of their own", func(t *testing.T) {
		s.Run("v", func() {
			t.Run("subtest", func(t *testing.T) {
				plainSees(with(t), "v", s)
				t.Cleanup(func() { plainSees(with(t), "v", s) })
				s.Run("subtest's", func() {
					t.Cleanup(func() { plainSees(with(t), "v", s) })
					t.Cleanup(gls.Bind(func() { sees(with(t), "subtest's", s) }))
				})
			})
			sees(with(t), "v", s)
			t.Run("bound subtest", gls.Bind(func(t *testing.T) { sees(with(t), "v", s) }))
			for range 2 {
				t.Run("parallel subtest", func(t *testing.T) {
					plainSees(with(t), "v", s)
					t.Parallel()
					plainSees(with(t), "v", s)
					s.Run(t.Name(), func() { sees(with(t), t.Name(), s) })
				})
			}
			t.Run("skipped subtest", func(t *testing.T) {
				defer s.Enter("entered").Leave()
				t.SkipNow()
			})
			sees(with(t), "v", s)
			t.Cleanup(func() { unset(with(t), s) })
		})
		unset(with(t), s)
	})
	t.Run("G-42 a bubble of synctest", func(t *testing.T) {
		s.Run("v", func() {
			synctest.Test(t, func(t *testing.T) {
				plainSees(with(t), "v", s)
				fired := false
				s.Run("bubble's", func() {
					gls.AfterFunc(time.Hour, func() {
						fired = true
						sees(with(t), "bubble's", s)
					})
					inGo(func() { sees(with(t), "bubble's", s) })
				})
				time.Sleep(2 * time.Hour)
				synctest.Wait()
				assert.True(t, fired)
				s.Enter("of a goroutine of the bubble")
			})
			sees(with(t), "v", s)
			synctest.Test(t, gls.Bind(func(t *testing.T) { sees(with(t), "v", s) }))
		})
		unset(with(t), s)
	})
	t.Run("G-42 RunParallel", func(t *testing.T) {
		s.Run("v", func() {
			ran := false
			testing.Benchmark(func(b *testing.B) {
				ran = true
				plainSees(with(t), "v", s)
				s.Run("benchmark's", func() {
					check := func() { plainSees(with(t), "benchmark's", s) }
					b.RunParallel(func(pb *testing.PB) {
						check()
						for pb.Next() {
							s.Run("body's", func() { sees(with(t), "body's", s) })
						}
						check()
					})
					sees(with(t), "benchmark's", s)
				})
				b.SkipNow() // once is enough
			})
			assert.True(t, ran)
			sees(with(t), "v", s)
		})
	})
}
