package main

import (
	"image/color"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
)

// A figure shows the ratios of ambient to one implementation in several scenarios.
type figure struct {
	file, title, to string
	scenarios       []string
}

var plots = []figure{
	{"context.svg", "ambient / context.Context, time", "context", []string{
		"Get/storages=1", "GetBelow/depth=5", "GetBelow/depth=10", "RunNested", "RunOutermost", "Spawn/width=64",
		"Middleware", "Handler",
	}},
	{"routine.svg", "ambient / routine, time", "routine", []string{
		"Get/storages=1", "Get/storages=16", "GetMiss", "RunNested", "Spawn/width=64", "Handler",
	}},
}

// plot draws the ratios as bars, with a line at 1.
func (r *results) plot(f figure) error {
	p := plot.New()
	p.Title.Text = f.title + " (below the line: ambient takes less)"
	p.X.Min = 0
	var names []string
	var values plotter.Values
	for _, s := range f.scenarios {
		if q, ok := r.ratio(s, "ambient", f.to); ok {
			names = append(names, s)
			values = append(values, q.Center)
		}
	}
	if len(values) == 0 {
		return nil
	}
	bars, err := plotter.NewBarChart(values, vg.Points(24))
	if err != nil {
		return err
	}
	bars.Color = color.RGBA{R: 0x33, G: 0x66, B: 0x99, A: 0xff}
	one, err := plotter.NewLine(plotter.XYs{{X: -0.5, Y: 1}, {X: float64(len(values)) - 0.5, Y: 1}})
	if err != nil {
		return err
	}
	p.Add(bars, one)
	p.NominalX(names...)
	p.Y.Min = 0
	return p.Save(vg.Length(len(values))*vg.Points(100), vg.Points(260), f.file)
}
