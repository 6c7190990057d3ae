// Package plugin makes ambient's analyzers a module plugin of golangci-lint. In .custom-gcl.yml:
//
//	version: v2.15.0
//	plugins:
//	  - module: github.com/ambient-go/ambient/cmd/ambient
//	    import: github.com/ambient-go/ambient/cmd/ambient/lint/plugin
//	    version: latest
//
// and in .golangci.yml, with optional settings:
//
//	version: "2"
//	linters:
//	  enable: [ambient]
//	  settings:
//	    custom:
//	      ambient:
//	        type: module
//	        settings:
//	          disable: [leave]
//	          runners: [example.com/pool.Pool.Submit]
//	          events: [example.com/bus.Bus.When]
//	          calls: [example.com/log.Printf]
//
// Then "golangci-lint custom" builds custom-gcl, a golangci-lint with these analyzers.
package plugin

import (
	"fmt"
	"slices"
	"strings"

	"github.com/golangci/plugin-module-register/register"
	"golang.org/x/tools/go/analysis"

	"github.com/ambient-go/ambient/cmd/ambient/lint"
)

func init() { register.Plugin("ambient", New) }

// Settings are the plugin's settings in .golangci.yml.
type Settings struct {
	Disable []string `json:"disable"` // names of analyzers
	Runners []string `json:"runners"` // like the flag -runners of "ambient vet"
	Events  []string `json:"events"`  // like the flag -events
	Calls   []string `json:"calls"`   // like the flag -calls
}

// New makes the plugin.
func New(settings any) (register.LinterPlugin, error) {
	s := Settings{}
	if settings != nil {
		var err error
		if s, err = register.DecodeSettings[Settings](settings); err != nil {
			return nil, fmt.Errorf("ambient: %w", err)
		}
	}
	return &plugin{s}, nil
}

type plugin struct{ settings Settings }

// GetLoadMode asks golangci-lint for type information.
func (p *plugin) GetLoadMode() string { return register.LoadModeTypesInfo }

// BuildAnalyzers returns the analyzers that are not disabled.
func (p *plugin) BuildAnalyzers() ([]*analysis.Analyzer, error) {
	disabled := slices.Clone(p.settings.Disable)
	var enabled []*analysis.Analyzer
	for _, a := range lint.Analyzers() {
		if i := slices.Index(disabled, a.Name); i >= 0 {
			disabled = slices.Delete(disabled, i, i+1)
			continue
		}
		for name, values := range map[string][]string{
			"runners": p.settings.Runners, "events": p.settings.Events, "calls": p.settings.Calls,
		} {
			if a.Flags.Lookup(name) == nil || len(values) == 0 {
				continue
			}
			if err := a.Flags.Set(name, strings.Join(values, ",")); err != nil {
				return nil, fmt.Errorf("ambient: %s: %w", name, err)
			}
		}
		enabled = append(enabled, a)
	}
	if len(disabled) > 0 {
		return nil, fmt.Errorf("ambient: disable: no analyzer %q", disabled[0])
	}
	return enabled, nil
}
