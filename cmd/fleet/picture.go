package main

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"
)

// Sizes in pixels.
const (
	rowHeight  = 22
	nameWidth  = 360
	timeWidth  = 640
	topHeight  = 54
	textHeight = 15 // from a row's top to its text's baseline
)

// colors has the services' colors, light enough for black text.
var colors = map[string]string{
	"edge": "#8ecae6", "orders": "#95d5b2", "worker": "#ffd166", "store": "#cdb4db", "shipping": "#f4a261",
}

// draw writes a trace as SVG: a row for each span, below its parent, on a time axis.
func draw(spans []span, out io.Writer) error {
	from, to := bounds(spans)
	total := max(to.Sub(from), time.Microsecond)
	x := func(t time.Time) float64 { return nameWidth + timeWidth*float64(t.Sub(from))/float64(total) }
	var b strings.Builder
	width, height := nameWidth+timeWidth+80, topHeight+rowHeight*len(spans)+10
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %[1]d %[2]d" `+
		`font-family="Helvetica, Arial, sans-serif" font-size="12">`+"\n", width, height)
	fmt.Fprintf(&b, `<rect width="%d" height="%d" fill="#ffffff"/>`+"\n", width, height)
	fmt.Fprintf(&b, `<text x="10" y="20" font-size="14">%s: %s of user %d, trace %s</text>`+"\n",
		escaped(spans[0].Tenant), escaped(spans[0].Request), spans[0].User, spans[0].Trace)
	for i := range 5 {
		at := total * time.Duration(i) / 4
		fmt.Fprintf(&b, `<path d="M%.1f %dV%d" stroke="#dddddd"/>`+"\n", x(from.Add(at)), topHeight, height-10)
		fmt.Fprintf(&b, `<text x="%.1f" y="%d" text-anchor="middle" fill="#555555">%.1f ms</text>`+"\n",
			x(from.Add(at)), topHeight-8, float64(at)/float64(time.Millisecond))
	}
	row := 0
	var below func(parent string, depth int)
	below = func(parent string, depth int) {
		for _, s := range spans {
			if s.Parent != parent {
				continue
			}
			y := topHeight + rowHeight*row
			row++
			fmt.Fprintf(&b, `<text x="%d" y="%d">%s <tspan fill="#555555">%s, %s</tspan></text>`+"\n",
				10+12*depth, y+textHeight, escaped(s.Name), escaped(s.Service), escaped(s.Kind))
			fmt.Fprintf(&b, `<rect x="%.1f" y="%d" width="%.1f" height="%d" rx="2" fill="%s"/>`+"\n",
				x(s.Start), y+3, max(x(s.End)-x(s.Start), 2), rowHeight-6, colors[s.Service])
			fmt.Fprintf(&b, `<text x="%.1f" y="%d" fill="#555555">%.1f</text>`+"\n",
				x(s.End)+4, y+textHeight, float64(s.End.Sub(s.Start))/float64(time.Millisecond))
			below(s.ID, depth+1)
		}
	}
	below("", 0)
	if row != len(spans) {
		return fmt.Errorf("trace %s has a gap: %d of %d spans are below its root", spans[0].Trace, row, len(spans))
	}
	b.WriteString("</svg>\n")
	_, err := io.WriteString(out, b.String())
	return err
}

func escaped(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a strings.Builder returns no error
	return b.String()
}
