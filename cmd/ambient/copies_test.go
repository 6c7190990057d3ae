package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// copies lists files that this module has at the same place as the library's module. This module
// does not require the library's, so that it can be installed from any commit.
var copies = []string{"internal/api/api.go", "internal/constructs/constructs.go"}

const copied = "// Code generated from the library's file (AMBIENT_UPDATE=1 go test -run Copies .). DO NOT EDIT.\n\n"

func TestCopiesAreTheLibrarysFiles(t *testing.T) {
	for _, name := range copies {
		text, err := os.ReadFile(filepath.Join(repository, name))
		require.NoError(t, err)
		want := copied + string(text)
		if os.Getenv("AMBIENT_UPDATE") != "" {
			require.NoError(t, os.WriteFile(name, []byte(want), 0o644))
		}
		got, err := os.ReadFile(name)
		require.NoError(t, err)
		assert.True(t, want == string(got), "%s: write it again by AMBIENT_UPDATE=1 go test -run Copies .", name)
	}
}
