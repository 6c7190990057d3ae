package conformance_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"reflect"
	"regexp"
	"runtime/pprof"
	"strings"
	"text/template"

	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/gls"
)

// libraryRows are about the standard library.
var libraryRows = []row{
	{"G-31 goroutine labels are as without the library, and it as without labels", func(t *probe) {
		s := fresh[string](t)
		const labelled = `{"row":"G-31"}`
		check := func(labels, value string) {
			t.Helper()
			assert.Equal(t, labels, ownLabels())
			sees(t, value, s)
		}
		onGoroutine(func() {
			before := ownLabels()
			s.Run("outer", func() {
				check(before, "outer")
				inGo(func() { check(before, "outer") })
				pprof.Do(context.Background(), pprof.Labels("row", "G-31"), func(ctx context.Context) {
					check(labelled, "outer")
					s.Run("inner", func() {
						check(labelled, "inner")
						inGo(func() { check(labelled, "inner") })
						gls.Isolate(func() { assert.True(t, labelled == ownLabels()) })
					})
					check(labelled, "outer")
					s.Run("inner", func() { pprof.SetGoroutineLabels(context.Background()) })
					check("", "outer")
					inGo(func() { check("", "outer") })
					s.Run("inner", func() { pprof.SetGoroutineLabels(ctx) })
					check(labelled, "outer")
				})
				check("", "outer")
			})
		})
	}},
	{"G-34 contexts and storages are independent", func(t *probe) {
		s := fresh[string](t)
		type key struct{}
		s.Run("v", func() {
			ctx := context.WithValue(context.Background(), key{}, "ctx's")
			ctx, cancel := context.WithCancel(ctx)
			s.Exit(func() { assert.Equal(t, "ctx's", ctx.Value(key{})) })
			assert.Equal(t, context.Background(), gls.Context())
			gls.RunContext(ctx, func() {
				sees(t, "v", s)
				assert.Equal(t, ctx, gls.Context())
				s.Exit(func() { assert.Equal(t, ctx, gls.Context()) })
			})
			cancel()
			sees(t, "v", s)
			assert.NoError(t, context.WithoutCancel(ctx).Err())
			sees(t, "v", s)
		})
	}},
	{"G-36 each side of a pipe has its own goroutine's value", func(t *probe) {
		s := fresh[string](t)
		reader, writer := io.Pipe()
		var wg gls.WaitGroup
		s.Run("writer's", func() {
			wg.Go(func() {
				defer writer.Close()
				_, err := io.Copy(writer, callbackReader{strings.NewReader("text"), func() { sees(t, "writer's", s) }})
				assert.NoError(t, err)
			})
		})
		s.Run("reader's", func() {
			var out bytes.Buffer
			_, err := io.Copy(callbackWriter{&out, func() { sees(t, "reader's", s) }}, reader)
			assert.NoError(t, err)
			assert.Equal(t, "text", out.String())
		})
		wg.Wait()
	}},
	{"G-37 writers that call writers", func(t *probe) {
		s := fresh[string](t)
		s.Run("v", func() {
			writes := 0
			w := callbackWriter{io.Discard, func() {
				writes++
				sees(t, "v", s)
			}}
			zipped := gzip.NewWriter(w)
			buffered := bufio.NewWriter(zipped)
			assert.NoError(t, json.NewEncoder(buffered).Encode(map[string]any{"value": jsonValue{t, s}}))
			page := template.Must(template.New("").Funcs(template.FuncMap{"value": s.GetOrFail}).Parse("{{value}}"))
			assert.NoError(t, page.Execute(buffered, nil))
			assert.NoError(t, buffered.Flush())
			assert.NoError(t, zipped.Close())
			assert.Positive(t, writes)
		})
	}},
	{"G-43 reflection, method values, generics and interfaces", func(t *probe) {
		s := fresh[string](t)
		check := checker{t, s}
		s.Run("v", func() {
			reflect.ValueOf(check.check).Call(nil)
			reflect.ValueOf(check).MethodByName("Check").Call(nil)
			method := check.Check
			method()
			checker.Check(check)
			generic[interface{ Check() }](check)
			reflect.MakeFunc(reflect.TypeFor[func()](), func([]reflect.Value) []reflect.Value {
				check.check()
				return nil
			}).Interface().(func())()
		})
	}},
}

type checker struct {
	t *probe
	s *gls.Storage[string]
}

func (c checker) check() { sees(c.t, "v", c.s) }
func (c checker) Check() { c.check() }

func generic[C interface{ Check() }](c C) { c.Check() }

// A jsonValue looks at the storage while it is encoded.
type jsonValue struct {
	t *probe
	s *gls.Storage[string]
}

func (v jsonValue) MarshalJSON() ([]byte, error) {
	sees(v.t, "v", v.s)
	return []byte("1"), nil
}

// A callbackReader calls back at every Read, a callbackWriter at every Write. They hide the other methods.
type callbackReader struct {
	reader   io.Reader
	callback func()
}

func (r callbackReader) Read(p []byte) (int, error) {
	r.callback()
	return r.reader.Read(p)
}

type callbackWriter struct {
	writer   io.Writer
	callback func()
}

func (w callbackWriter) Write(p []byte) (int, error) {
	w.callback()
	return w.writer.Write(p)
}

var labelLine = regexp.MustCompile(`(?m)^# labels: (.*)$`)

// ownLabels returns the running goroutine's profiler labels as the goroutine profile prints them.
//
//go:noinline
func ownLabels() string {
	var profile bytes.Buffer
	if err := pprof.Lookup("goroutine").WriteTo(&profile, 1); err != nil {
		return err.Error()
	}
	for record := range strings.SplitSeq(profile.String(), "\n\n") {
		if strings.Contains(record, ".ownLabels+") {
			if m := labelLine.FindStringSubmatch(record); m != nil {
				return m[1]
			}
			return ""
		}
	}
	return "the profile does not show this goroutine"
}
