package overlay

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestMarkIsFoundWhereverItStands(t *testing.T) {
	detached, err := Patterns("example.com/a,example.com/b.Start", Nothing)
	require.NoError(t, err)
	inherited, err := Patterns("example.com/c/...", Inherits)
	require.NoError(t, err)
	for flags, rules := range map[string][]Rule{
		"": nil,
		"-detach=example.com/a,example.com/b.Start":                            detached,
		"-detach=example.com/a,example.com/b.Start -inherit=example.com/c/...": append(detached, inherited...),
	} {
		r := Release{Version: "go1.26.8 X:jsonv2", Rules: rules}
		for _, before := range []int{0, 1, 1 << 16, 1<<20 - 3, 1<<20 + 1<<16 - 30, 3<<20 + 5} {
			text := strings.Repeat("\xff", before) + "ambient-overlay{" + r.mark() + "!"
			m, found, err := FindMark(iotest.HalfReader(strings.NewReader(text)))
			require.NoError(t, err)
			require.True(t, found, before)
			assert.Equal(t, Mark{"go1.26.8", protocol, flags}, m)
			assert.True(t, m.Is("go1.26.8"))
			assert.False(t, m.Is("go1.26.9"))
		}
	}
}

// The runtime's copy contains the mark. This program does not, and neither do the files that the
// copy is made from.
func TestMarkIsInTheOverlayAlone(t *testing.T) {
	r, cache := copied(t), t.TempDir()
	path, err := Write(r, cache)
	require.NoError(t, err)
	m, found, err := FindMark(strings.NewReader(written(t, r, path)["runtime/"+addedName]))
	require.NoError(t, err)
	assert.True(t, found)
	assert.True(t, m.Is(r.Version))

	self, err := os.Executable()
	require.NoError(t, err)
	program, err := os.ReadFile(self)
	require.NoError(t, err)
	for name, text := range map[string][]byte{"this program": program, "source/runtime.go.txt": []byte(runtimeText), "nothing": nil} {
		_, found, err := FindMark(bytes.NewReader(text))
		require.NoError(t, err)
		// In an inherited build of these tests this program has a mark.
		assert.Equal(t, name == "this program" && os.Getenv("AMBIENT_EXPECT") == "inherited", found, name)
	}
}

func TestMarkOfAFileThatDoesNotRead(t *testing.T) {
	broken := errors.New("broken")
	_, found, err := FindMark(io.MultiReader(strings.NewReader("text"), iotest.ErrReader(broken)))
	assert.ErrorIs(t, err, broken)
	assert.False(t, found)
}
