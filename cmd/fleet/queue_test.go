package main

import (
	"errors"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/otel"

	"github.com/ambient-go/ambient/gls/glsotel"
)

// A delivery is a message that records what is done with it.
type delivery struct {
	jetstream.Msg

	header nats.Header
	fate   string
}

func (d *delivery) Headers() nats.Header             { return d.header }
func (d *delivery) Data() []byte                     { return []byte("a chair") }
func (d *delivery) Ack() error                       { d.fate += "done"; return nil }
func (d *delivery) NakWithDelay(time.Duration) error { d.fate += "again"; return nil }
func (d *delivery) Term() error                      { d.fate += "never again"; return nil }

func TestAMessageComesAgainUntilItIsDone(t *testing.T) {
	otel.SetTextMapPropagator(glsotel.New(values))
	var worked []string
	deliver := func(baggage string, err error) string {
		d := &delivery{header: nats.Header{"baggage": {baggage}}}
		handle(d, func(goods string) error {
			worked = append(worked, orderID()+" "+goods)
			return err
		})
		return d.fate
	}
	assert.Equal(t, "again", deliver("tenant=acme,user=7,request=r-1", errors.New("the store is away")))
	assert.Equal(t, "done", deliver("tenant=acme,user=7,request=r-1", nil))
	assert.Equal(t, "never again", deliver("other=x", nil), "nobody's")
	assert.Equal(t, []string{"acme/r-1 a chair", "acme/r-1 a chair"}, worked)
}
