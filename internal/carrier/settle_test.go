package carrier_test

import (
	"os"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/internal/carrier"
	"github.com/ambient-go/ambient/internal/goroutine"
	"github.com/ambient-go/ambient/internal/testexec"
)

// firstUses are processes of their own, whose first record is made in the function.
var firstUses = map[string]func(t *testing.T){
	"one goroutine": func(*testing.T) { carrier.RunWith(bindingOf(1), func() {}) },
	"Enter":         func(*testing.T) { carrier.Enter(carrier.Here(), frameOf(1)) },
	"Start": func(*testing.T) {
		done := make(chan struct{})
		go carrier.Start(0, frameOf(1), func() { close(done) })
		<-done
	},
	"many at once": func(t *testing.T) {
		var all sync.WaitGroup
		for i := range 200 {
			all.Go(func() {
				carrier.RunWith(bindingOf(i), func() {
					for range 100 {
						assert.Equal(t, i, number())
					}
				})
				assert.Equal(t, -1, number())
			})
		}
		all.Wait()
	},
	"synctest": func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			carrier.RunWith(bindingOf(1), func() { assert.Equal(t, 1, number()) })
			carrier.Enter(carrier.Here(), frameOf(2))
			synctest.Wait()
			carrier.Leave(carrier.Here(), nil, nil)
		})
	},
}

const firstUse = "AMBIENT_TEST_FIRST_USE"

// TestFirstUseProgram is the program of the other test's processes.
func TestFirstUseProgram(t *testing.T) {
	use := firstUses[os.Getenv(firstUse)]
	if use == nil {
		t.Skip("run by TestNothingIsSettledBeforeTheFirstRecord")
	}
	if !carrier.Inherited() {
		assert.Nil(t, carrier.Frame())
		assert.Zero(t, carrier.Len())
		assert.Equal(t, -1, number())
		assert.True(t, carrier.Inherits(nil))
		frameOf(1) // makes the storage's key
		assert.Equal(t, -1, number())
		require.False(t, carrier.Settled(), "a program that sets nothing pays for the check")
	}
	use(t)
	assert.True(t, carrier.Settled())
	if !carrier.Inherited() {
		assert.Equal(t, goroutine.Fast(), goroutine.ID() == goroutine.FastID())
	}
	t.Log("done")
}

func TestNothingIsSettledBeforeTheFirstRecord(t *testing.T) {
	for name := range firstUses {
		t.Run(name, func(t *testing.T) {
			cmd := testexec.Command("-test.run=^TestFirstUseProgram$", "-test.v", "-test.timeout=50s")
			cmd.Env = append(os.Environ(), firstUse+"="+name)
			text, err := cmd.CombinedOutput()
			require.NoError(t, err, "%s", text)
			assert.Contains(t, string(text), "done")
		})
	}
}
