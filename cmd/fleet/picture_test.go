package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAPictureHasARowForEachSpanBelowItsParent(t *testing.T) {
	begin := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	at := func(ms int) time.Time { return begin.Add(time.Duration(ms) * time.Millisecond) }
	spans := []span{
		{Service: "edge", Name: "POST /orders", ID: "1", Tenant: "<acme> & co", Start: at(0), End: at(4)},
		{Service: "orders", Name: "publish", ID: "2", Parent: "1", Start: at(1), End: at(3)},
		{Service: "worker", Name: "consume", ID: "3", Parent: "2", Start: at(2), End: at(8)},
	}
	var out bytes.Buffer
	require.NoError(t, draw(spans, &out))
	for d := xml.NewDecoder(bytes.NewReader(out.Bytes())); ; {
		if _, err := d.Token(); err != nil {
			require.True(t, errors.Is(err, io.EOF), err)
			break
		}
	}
	text := out.String()
	assert.Contains(t, text, "&lt;acme&gt; &amp; co")
	assert.Less(t, strings.Index(text, "POST /orders"), strings.Index(text, "publish"))
	assert.Less(t, strings.Index(text, "publish"), strings.Index(text, "consume"))

	spans[1].ID = "other"
	err := draw(spans, io.Discard)
	assert.ErrorContains(t, err, "has a gap: 2 of 3 spans", "a span without its parent is not left out in silence")
}

func TestAWholeTraceHasBeenThroughAllServices(t *testing.T) {
	now := time.Now()
	var spans []span
	for service := range colors {
		assert.False(t, complete(spans))
		spans = append(spans, span{Service: service, End: now})
	}
	assert.True(t, complete(spans))
	spans[0].End = time.Time{}
	assert.False(t, complete(spans), "it was interrupted")
}
