package linttest

import (
	"cmp"
	"go/format"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/analysistest"
)

// update writes the fixed files as golden files. Read them before you commit them.
func update(t *testing.T, gopath string, results []*analysistest.Result) {
	t.Helper()
	edits := map[string][]analysis.TextEdit{}
	offset := map[string]func(analysis.TextEdit) (int, int){}
	for _, r := range results {
		fset := r.Action.Package.Fset
		for _, d := range r.Action.Diagnostics {
			for _, fix := range d.SuggestedFixes {
				for _, e := range fix.TextEdits {
					file := fset.File(e.Pos)
					edits[file.Name()] = append(edits[file.Name()], e)
					offset[file.Name()] = func(e analysis.TextEdit) (int, int) { return file.Offset(e.Pos), file.Offset(e.End) }
				}
			}
		}
	}
	for name, all := range edits {
		slices.SortStableFunc(all, func(a, b analysis.TextEdit) int { return cmp.Or(int(a.Pos-b.Pos), int(a.End-b.End)) })
		all = slices.CompactFunc(all, func(a, b analysis.TextEdit) bool {
			return a.Pos == b.Pos && a.End == b.End && string(a.NewText) == string(b.NewText)
		})
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		for _, e := range slices.Backward(all) {
			from, to := offset[name](e)
			text = slices.Concat(text[:from:from], e.NewText, text[to:])
		}
		if formatted, err := format.Source(text); err == nil {
			text = formatted
		} else {
			t.Error(err)
		}
		relative, err := filepath.Rel(filepath.Join(gopath, "src"), name)
		require.NoError(t, err)
		if !strings.HasPrefix(relative, "..") {
			golden := filepath.Join("testdata", "src", relative+".golden")
			require.NoError(t, os.WriteFile(golden, text, 0o666))
		}
	}
}
