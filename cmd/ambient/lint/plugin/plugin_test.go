package plugin_test

import (
	"testing"

	"github.com/golangci/plugin-module-register/register"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/cmd/ambient/lint"
	_ "github.com/ambient-go/ambient/cmd/ambient/lint/plugin"
)

func build(t *testing.T, settings any) ([]string, error) {
	t.Helper()
	makePlugin, err := register.GetPlugin("ambient")
	require.NoError(t, err)
	p, err := makePlugin(settings)
	if err != nil {
		return nil, err
	}
	assert.Equal(t, register.LoadModeTypesInfo, p.GetLoadMode())
	analyzers, err := p.BuildAnalyzers()
	var names []string
	for _, a := range analyzers {
		names = append(names, a.Name)
	}
	return names, err
}

func TestAllAnalyzersAreThere(t *testing.T) {
	names, err := build(t, nil)
	require.NoError(t, err)
	assert.Len(t, names, len(lint.Analyzers()))
}

func TestSettingsDisableAndConfigure(t *testing.T) {
	names, err := build(t, map[string]any{
		"disable": []string{"leave"}, "runners": []string{"x.Y", "x.Z"}, "events": []string{"x.On"}, "calls": []string{"x.Log"},
	})
	require.NoError(t, err)
	assert.NotContains(t, names, "leave")
	assert.Len(t, names, len(lint.Analyzers())-1)
	set := map[string]string{}
	for _, a := range lint.Analyzers() {
		for _, flag := range []string{"runners", "events", "calls"} {
			if f := a.Flags.Lookup(flag); f != nil {
				set[flag] = f.Value.String()
				require.NoError(t, a.Flags.Set(flag, ""))
			}
		}
	}
	assert.Equal(t, map[string]string{"runners": "x.Y,x.Z", "events": "x.On", "calls": "x.Log"}, set)
}

func TestWrongSettingsAreErrors(t *testing.T) {
	_, err := build(t, map[string]any{"disable": []string{"laeve"}})
	assert.EqualError(t, err, `ambient: disable: no analyzer "laeve"`)
	_, err = build(t, map[string]any{"runner": []string{"x.Y"}})
	assert.ErrorContains(t, err, `ambient: decoding settings: json: unknown field "runner"`)
}
