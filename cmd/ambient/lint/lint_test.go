package lint_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/tools/go/analysis"

	"github.com/ambient-go/ambient/cmd/ambient/lint"
)

func TestAnalyzersAreValidAndDocumented(t *testing.T) {
	require.NoError(t, analysis.Validate(lint.Analyzers()))
	for _, a := range lint.Analyzers() {
		assert.Equal(t, "https://pkg.go.dev/github.com/ambient-go/ambient/cmd/ambient/lint/"+a.Name, a.URL)
		assert.Contains(t, a.Doc, "WRONG", a.Name)
		assert.Contains(t, a.Doc, "RIGHT", a.Name)
	}
}

// Each folder of an analyzer is in the list.
func TestEveryAnalyzerIsListed(t *testing.T) {
	docs, err := filepath.Glob("*/doc.go")
	require.NoError(t, err)
	var names []string
	for _, doc := range docs {
		name := filepath.Dir(doc)
		if _, err := os.Stat(filepath.Join(name, name+".go")); err == nil && name != "plugin" && name != "realcode" {
			names = append(names, name)
		}
	}
	var listed []string
	for _, a := range lint.Analyzers() {
		listed = append(listed, a.Name)
	}
	assert.ElementsMatch(t, names, listed)
}
