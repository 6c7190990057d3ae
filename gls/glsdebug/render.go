package glsdebug

import (
	"bytes"
	"crypto/rand"
	_ "embed" // for the page's files
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

var (
	//go:embed page.html
	pageHTML string
	//go:embed page.css
	pageCSS string
	//go:embed page.js
	pageJS string

	pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{
		"age":   ageText,
		"short": short,
		"style": func() template.CSS { return template.CSS(pageCSS) }, //nolint:gosec // a constant
		"code":  func() template.JS { return template.JS(pageJS) },    //nolint:gosec // a constant
	}).Parse(pageHTML))
)

// A view is the data of page.html: Page or Stack.
type view struct {
	Page  *page
	Ask   question
	Took  time.Duration
	Stack *stack
	Nonce string
}

func writeJSON(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value) //nolint:errchkjson // values are those of walk; the client may be gone
}

// writePage writes the page. A nonce allows the page's own code and style; everything else is
// forbidden to load.
func writePage(w http.ResponseWriter, v view) {
	v.Nonce = rand.Text()
	w.Header().Set("Content-Security-Policy", "default-src 'none'; script-src 'nonce-"+v.Nonce+"'; style-src 'nonce-"+
		v.Nonce+"'; img-src data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	var b bytes.Buffer
	if err := pageTemplate.Execute(&b, v); err != nil {
		http.Error(w, "glsdebug: "+err.Error(), http.StatusInternalServerError)
		return
	}
	if v.Stack != nil && v.Stack.State == "" {
		w.WriteHeader(http.StatusNotFound)
	}
	_, _ = w.Write(b.Bytes())
}

// Link returns the address of the list sorted by column, or in reverse order if it is sorted so.
func (v view) Link(column string) string {
	if v.Ask.sort == column || v.Ask.sort == "" && column == "age" {
		column = "-" + column
	}
	return v.link("sort", column)
}

// All returns the address of the list without a limit.
func (v view) All() string { return v.link("limit", "0") }

// Origins returns the address of the list for which the runtime is asked for stacks.
func (v view) Origins() string { return v.link("origins", "1") }

func (v view) link(name, value string) string {
	q := url.Values{}
	if v.Ask.filter != "" {
		q.Set("q", v.Ask.filter)
	}
	if v.Ask.sort != "" {
		q.Set("sort", v.Ask.sort)
	}
	if v.Ask.limit != pageLimit {
		q.Set("limit", strconv.Itoa(v.Ask.limit))
	}
	q.Set(name, value)
	return "?" + q.Encode()
}

// order returns the direction in which the list is sorted by a column, "" if it is not. The oldest
// rows and those with the most storages come first.
func (v view) order(column string) string {
	by, reverse := strings.CutPrefix(v.Ask.sort, "-")
	switch {
	case by != column && (by != "" || column != "age"):
		return ""
	case reverse != (column == "age" || column == "storages"):
		return "descending"
	default:
		return "ascending"
	}
}

// Sorted returns the value of aria-sort for a column that has one or two ways to sort.
func (v view) Sorted(columns ...string) string {
	for _, column := range columns {
		if order := v.order(column); order != "" {
			return order
		}
	}
	return "none"
}

// Arrow returns the attribute that tells the style whether the list is sorted by this link.
func (v view) Arrow(column string) template.HTMLAttr {
	switch v.order(column) {
	case "ascending":
		return ` data-order="ascending"`
	case "descending":
		return ` data-order="descending"`
	}
	return ""
}

// Filter, Sort and Limit return the values that the form keeps.
func (v view) Filter() string { return v.Ask.filter }
func (v view) Sort() string   { return v.Ask.sort }
func (v view) Limit() int     { return v.Ask.limit }

// Values reports whether the values of all types that implement slog.LogValuer are shown.
func (v view) Values() bool { return v.Ask.values }

// Askable reports whether the page may ask the runtime for the stacks of so many goroutines.
func (v view) Askable() bool { return v.Page.Totals.Goroutines <= mostGoroutines }

// Pause returns about how long the runtime stops the program to tell the origins of goroutines.
func (v view) Pause() string {
	return pause(v.Page.Totals.Goroutines).String()
}

// ageText returns a number of seconds as text, in the unit that suits it.
func ageText(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second))
	switch {
	case d < time.Millisecond:
		return "0 ms"
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < 10*time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%d min %d s", int(d.Minutes()), int(d.Seconds())%60)
	default:
		return fmt.Sprintf("%d h %d min", int(d.Hours()), int(d.Minutes())%60)
	}
}

// short returns the last element of a function's or a file's path. Type arguments have paths of
// their own.
func short(path string) string {
	end := strings.IndexAny(path, "[(")
	if end < 0 {
		end = len(path)
	}
	return path[strings.LastIndexByte(path[:end], '/')+1:]
}

func position(file string, line int) string { return file + ":" + strconv.Itoa(line) }
