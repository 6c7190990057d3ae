package gls_test

import (
	"math/bits"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/internal/testexec"
)

// goCommand returns a go command to be run in the folder of this package, with more variables in its environment.
func goCommand(t *testing.T, variables []string, args ...string) *exec.Cmd {
	t.Helper()
	path, err := exec.LookPath("go")
	if err != nil {
		t.Skip("there is no go command here")
	}
	cmd := exec.CommandContext(t.Context(), path, args...)
	cmd.Env = append(os.Environ(), append([]string{"GOFLAGS=-buildvcs=false", "GOWORK=off"}, variables...)...)
	return cmd
}

// The path of Get is a few loads and comparisons; the calls are to carrier.Value and to the assembly that reads g.
func TestInlining(t *testing.T) {
	testexec.Builds(t)
	if bits.UintSize < 64 {
		t.Skip("ids have 64 bits, which takes more instructions here")
	}
	const internal = "github.com/ambient-go/ambient/internal/"
	cmd := goCommand(t, nil, "build", "-gcflags=-m", ".", "../httpctx",
		internal+"carrier", internal+"frame", internal+"registry", internal+"goroutine")
	text, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", text)
	lines := strings.Split(string(text), "\n")
	count := func(file, message string) int {
		n := 0
		for _, line := range lines {
			where, said, ok := strings.Cut(line, ": ")
			if ok && strings.Contains(where, file+":") && said == message {
				n++
			}
		}
		return n
	}
	for function, file := range map[string]string{
		"(*Map).Slot":       "registry/registry.go",
		"(*Map).Own":        "registry/registry.go",
		"(*Slot).Others":    "registry/slot.go",
		"(*Table).Find":     "registry/table.go",
		"(*Record).Is":      "registry/record.go",
		"(*Record).Frame":   "registry/record.go",
		"(*Record).InForce": "registry/record.go",
		"FastID":            "goroutine/id.go",
		"Fast":              "goroutine/id.go",
		"(*Frame).First":    "frame/frame.go",
		"(*Frame).Other":    "frame/frame.go",
		"(*Storage).Used":   "frame/key.go",
		"(*Storage).Has":    "frame/key.go",
		"(*Storage).Key":    "frame/key.go",
		"Cursor.Frame":      "carrier/carrier.go",
		"Cursor.Goroutine":  "carrier/carrier.go",
	} {
		assert.Equal(t, 1, count(file, "can inline "+function), function)
	}
	for _, function := range []string{
		"registry.(*Map).Slot", "registry.(*Map).Own", "registry.(*Slot).Others", "registry.(*Table).Find", "registry.(*Record).Is",
		"registry.(*Record).InForce", "registry.(*Record).Frame",
		"goroutine.FastID", "frame.(*Storage).Used", "frame.(*Frame).First", "frame.(*Storage).Has", "frame.(*Storage).Key",
		"frame.(*Frame).Other",
	} {
		onPath := count("carrier/carrier.go", "inlining call to "+function) +
			count("carrier/explicit.go", "inlining call to "+function) +
			count("storage.go", "inlining call to "+function)
		assert.NotZero(t, onPath, function)
	}
	assert.True(t, slices.ContainsFunc(lines, func(line string) bool {
		return strings.Contains(line, "storage.go:") && strings.Contains(line, "inlining call to gls.(*Storage[") &&
			strings.HasSuffix(line, "]).Get")
	}), "Get is inlined where it is called")
}
