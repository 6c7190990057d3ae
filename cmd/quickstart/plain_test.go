package main

import (
	"bytes"
	"log"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/gls"
)

func TestPlain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var stdout bytes.Buffer
		out := log.New(&stdout, "", 0)
		defer logTo(out.Writer())()
		began := time.Now()
		plain(out)
		assert.Equal(t, 101*time.Millisecond, time.Since(began), "the three flows wait at once, and so do the timers")

		lines := strings.Split(strings.TrimSuffix(stdout.String(), "\n"), "\n")
		for _, way := range []string{
			"",
			", in a worker pool: gls.Capture with each task",
			", in a timer: gls.AfterFunc",
			", in a callback: gls.Bind",
		} {
			require.Greater(t, len(lines), 3)
			assert.ElementsMatch(t, []string{
				"The user id is 1" + way,
				"The user id is 2" + way,
				"The user id is 3" + way,
			}, lines[:3])
			lines = lines[3:]
		}
		require.Greater(t, len(lines), 3)
		assert.Equal(t, []string{
			`level=INFO msg="work is done" user=1`,
			`level=INFO msg="work is done" user=2`,
			`level=INFO msg="work is done" user=3`,
		}, lines[:3])
		lines = lines[3:]
		if gls.Propagation() == gls.Inherited {
			assert.Equal(t, []string{
				"The user id is 1, after a plain go statement: goroutines inherit in this build",
			}, lines)
			return
		}
		require.Len(t, lines, 2)
		assert.Equal(t, "There is no user, after a plain go statement", lines[0])
		assert.Regexp(t, `^  gls: storage "current user" is not set .*quickstart.*plain\.go:\d+\): start it with gls\.Go .*$`,
			lines[1])
	})
}
