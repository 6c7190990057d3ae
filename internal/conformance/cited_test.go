package conformance_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const root = "../.."

var (
	rowLine  = regexp.MustCompile(`(?m)^\| ([A-Z]{1,2}-\d\d) \| ([^|]+) \|.* \| ([^|]+) \|$`)
	rowNames = regexp.MustCompile(`"((?:[A-Z]{1,2}-\d\d,?)+) `)
	rowID    = regexp.MustCompile(`\b(?:N|ND|M|T|A|G|L|P|B)-\d\d\b`)
	ruleLine = regexp.MustCompile(`(?m)^(\d+)\. `)
	ruleTest = regexp.MustCompile(`(?m)^func TestRule(\d+)`)
	testFunc = regexp.MustCompile(`(?m)^func ((?:Test|Example|Fuzz)\w*)\(`)
	testName = regexp.MustCompile(`\bTest[A-Z]\w+`)
	ruleText = regexp.MustCompile(`\b[Rr]ules? (\d+)`)
)

// catalogue returns the rows of CATALOGUE.md by their ids: what kind each is of.
func catalogue(t *testing.T) map[string]string {
	text, err := os.ReadFile("CATALOGUE.md")
	require.NoError(t, err)
	rows := map[string]string{}
	for _, line := range rowLine.FindAllStringSubmatch(string(text), -1) {
		assert.NotContains(t, rows, line[1], "twice")
		assert.NotEmpty(t, strings.TrimSpace(line[3]), "what holds in %s, or why it does not apply", line[1])
		rows[line[1]] = line[2]
	}
	require.Greater(t, len(rows), 250)
	return rows
}

// testFiles returns the texts of the tests below folders of this module, by path.
func testFiles(t *testing.T, folders ...string) map[string]string {
	files := map[string]string{}
	for _, folder := range folders {
		require.NoError(t, filepath.WalkDir(filepath.Join(root, folder), func(path string, _ fs.DirEntry, err error) error {
			if err == nil && strings.HasSuffix(path, "_test.go") {
				var text []byte
				text, err = os.ReadFile(path)
				files[path] = string(text)
			}
			return err
		}))
	}
	require.NotEmpty(t, files)
	return files
}

// A row without a test says why, a row with one is in the catalogue.
func TestEveryRowIsTested(t *testing.T) {
	rows, tested := catalogue(t), map[string]bool{}
	for path, text := range testFiles(t, "gls", "httpctx", "internal") {
		for _, names := range rowNames.FindAllStringSubmatch(text, -1) {
			for id := range strings.SplitSeq(names[1], ",") {
				tested[id] = true
			}
		}
		for _, id := range rowID.FindAllString(text, -1) {
			assert.Contains(t, rows, id, "cited in %s", path)
		}
	}
	for id, kind := range rows {
		assert.Equal(t, kind != "none", tested[id], "row %s of kind %s is tested", id, kind)
	}
}

// Each package's rules, and the tests beside them, name each other.
func TestEveryRuleIsTested(t *testing.T) {
	rows := catalogue(t)
	for _, folder := range []string{"gls", "httpctx", "gls/glslog", "gls/glssql"} {
		text, err := os.ReadFile(filepath.Join(root, folder, "RULES.md"))
		require.NoError(t, err)
		functions, ruleTests := map[string]bool{}, map[string]bool{}
		collect := func(path string) {
			source, err := os.ReadFile(path)
			require.NoError(t, err)
			for _, f := range testFunc.FindAllStringSubmatch(string(source), -1) {
				functions[f[1]] = true
			}
		}
		beside, err := filepath.Glob(filepath.Join(root, folder, "*_test.go"))
		require.NoError(t, err)
		rules := ruleLine.Split(string(text), -1)[1:]
		for i, number := range ruleLine.FindAllStringSubmatch(string(text), -1) {
			assert.Equal(t, number[1], strconv.Itoa(i+1), "%s: rules are numbered in order", folder)
		}
		known := map[string]bool{}
		for i := range rules {
			known[strconv.Itoa(i+1)] = true
		}
		for _, path := range beside {
			collect(path)
			source, err := os.ReadFile(path)
			require.NoError(t, err)
			for _, rule := range ruleTest.FindAllStringSubmatch(string(source), -1) {
				assert.True(t, known[rule[1]], "TestRule%s in %s is of no rule", rule[1], path)
				ruleTests[rule[1]] = true
			}
			for _, comment := range comments(t, path) {
				for _, rule := range ruleText.FindAllStringSubmatch(comment, -1) {
					assert.True(t, known[rule[1]], "rule %s, cited in %s, does not exist", rule[1], path)
				}
			}
		}
		overlay, err := filepath.Glob(filepath.Join(root, "cmd/ambient/internal/overlay/*_test.go"))
		require.NoError(t, err)
		for _, path := range overlay {
			collect(path)
		}
		for _, name := range testName.FindAllString(string(text), -1) {
			if !ruleTest.MatchString("func " + name) {
				assert.True(t, functions[name], "%s/RULES.md names %s, which does not exist", folder, name)
			}
		}
		for _, id := range rowID.FindAllString(string(text), -1) {
			assert.Contains(t, rows, id, "cited in %s/RULES.md", folder)
		}
		for i, rule := range rules {
			assert.True(t, ruleTests[strconv.Itoa(i+1)] || strings.Contains(rule, "\n   Tests: ") ||
				strings.Contains(rule, "\n    Tests: "), "rule %d of %s has no test", i+1, folder)
		}
	}
}

// comments returns a file's comments.
func comments(t *testing.T, path string) (texts []string) {
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
	require.NoError(t, err)
	for _, group := range file.Comments {
		texts = append(texts, group.Text())
	}
	return texts
}
