package rewrite_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/cmd/ambient/internal/rewrite"
)

const source = "package p\n\nimport (\n\t\"sync\"\n\t\"time\"\n)\n\nvar a, b = 1, time.Now\n\nvar wg sync.WaitGroup\n"

func open(t *testing.T, text string) (*rewrite.Tree, func(edits ...rewrite.Edit) bool, func() string) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "p.go")
	require.NoError(t, os.WriteFile(name, []byte(text), 0o666))
	tree := new(rewrite.Tree)
	add := func(edits ...rewrite.Edit) bool {
		ok, err := tree.Add(map[string][]rewrite.Edit{name: edits})
		require.NoError(t, err)
		return ok
	}
	now := func() string {
		require.NoError(t, tree.Apply())
		_, text := tree.Text(name)
		return string(text)
	}
	return tree, add, now
}

func TestAFixThatContradictsAnotherIsLeftOut(t *testing.T) {
	_, add, now := open(t, "package p\n\nvar a, b = 1, 2\n")
	assert.True(t, add(rewrite.Edit{22, 23, "10"}))
	assert.False(t, add(rewrite.Edit{21, 24, "x"}), "around it")
	assert.False(t, add(rewrite.Edit{22, 23, "11"}), "instead of it")
	assert.False(t, add(rewrite.Edit{25, 26, "20"}, rewrite.Edit{22, 23, "12"}), "all of a fix or nothing")
	assert.True(t, add(rewrite.Edit{22, 23, "10"}), "the same again")
	assert.True(t, add(rewrite.Edit{25, 26, "21"}))
	assert.Equal(t, "package p\n\nvar a, b = 10, 21\n", now())
}

func TestInsertionsInOnePlaceContradictUnlessTheyAreTheSameImport(t *testing.T) {
	_, add, now := open(t, "package p\n\nvar a = f(1)\n")
	assert.True(t, add(rewrite.Edit{9, 9, "\n\nimport \"x\""}))
	assert.True(t, add(rewrite.Edit{9, 9, "\n\nimport \"x\""}))
	assert.False(t, add(rewrite.Edit{9, 9, "\n\nimport \"y\""}))
	assert.True(t, add(rewrite.Edit{22, 22, ", 2"}))
	assert.False(t, add(rewrite.Edit{22, 22, ", 2"}), "it would have to stand there twice")
	assert.Equal(t, "package p\n\nimport \"x\"\n\nvar a = f(1, 2)\n", now())
}

func TestImportsThatLoseTheirLastUseAreRemoved(t *testing.T) {
	tree, add, now := open(t, source)
	require.Equal(t, "sync.WaitGroup", source[70:84])
	assert.True(t, add(rewrite.Edit{70, 84, "int"}))
	assert.Equal(t, "package p\n\nimport (\n\t\"time\"\n)\n\nvar a, b = 1, time.Now\n\nvar wg int\n", now())
	assert.Len(t, tree.Changed(), 1)
}

// An import that was unused before stays: it may have a name that its path does not tell.
func TestOtherImportsStay(t *testing.T) {
	_, add, now := open(t, "package p\n\nimport (\n\t_ \"a\"\n\t\"gopkg.in/b.v1\"\n)\n\nvar x = b.X\n")
	assert.True(t, add(rewrite.Edit{51, 52, "y"}))
	assert.Contains(t, now(), "\t_ \"a\"\n\t\"gopkg.in/b.v1\"\n")
}

func TestEditsThatMakeAFileUnreadableAreAnError(t *testing.T) {
	tree, add, _ := open(t, source)
	assert.True(t, add(rewrite.Edit{0, 7, "pack"}))
	assert.ErrorContains(t, tree.Apply(), "p.go: a fix makes it unreadable: ")
	_, err := tree.Add(map[string][]rewrite.Edit{filepath.Join(t.TempDir(), "none.go"): {{0, 0, "x"}}})
	assert.ErrorIs(t, err, os.ErrNotExist)
}
