package pools_test

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ambient-go/ambient/internal/mix"
)

// One goroutine of franz-go calls the promises of all producers.
func TestKafkaPromises(t *testing.T) {
	both(t, func(t *testing.T, stays bool) {
		l := mix.NewLedger()
		var client *kgo.Client
		r := drive(t, l, stays, func() service {
			var err error
			client, err = kgo.NewClient(kgo.SeedBrokers("broker:1"), kgo.DefaultProduceTopic("topic"),
				kgo.WithHooks(hooks{l}), kgo.ProducerLinger(0), kgo.DisableIdempotentWrite(), kgo.RequiredAcks(kgo.LeaderAck()),
				kgo.Dialer(func(context.Context, string, string) (net.Conn, error) {
					l.CheckHere("kgo dialer")
					ours, theirs := net.Pipe()
					go broker(t, theirs)
					return ours, nil
				}))
			require.NoError(t, err)
			return service{func(id string, task func()) {
				client.Produce(t.Context(), kgo.StringRecord(id), func(r *kgo.Record, err error) {
					assert.NoError(t, err)
					assert.Equal(t, id, string(r.Value))
					task()
				})
			}, nil}
		})
		assert.Zero(t, r.another.Load())
		assert.Empty(t, l.Kept(), "kept of requests that are over, while the client is open")
		client.Close()
		assert.Empty(t, l.Faults())
	})
}

// hooks has functions that the client calls, on any goroutine, when it takes a record and when it
// is done with one.
type hooks struct{ l *mix.Ledger }

func (h hooks) OnProduceRecordBuffered(r *kgo.Record) {
	h.l.Must("kgo.HookProduceRecordBuffered", string(r.Value))
}

func (h hooks) OnProduceRecordUnbuffered(r *kgo.Record, _ error) {
	h.l.Check("kgo.HookProduceRecordUnbuffered", string(r.Value))
}

func (h hooks) OnBrokerConnect(kgo.BrokerMetadata, time.Duration, net.Conn, error) {
	h.l.CheckHere("kgo.HookBrokerConnect")
}

// broker speaks as much of Kafka's protocol as producing needs.
func broker(t *testing.T, c net.Conn) {
	defer c.Close()
	for {
		var size [4]byte
		if _, err := io.ReadFull(c, size[:]); err != nil {
			return
		}
		text := make([]byte, binary.BigEndian.Uint32(size[:]))
		if _, err := io.ReadFull(c, text); err != nil {
			return
		}
		key, version := int16(binary.BigEndian.Uint16(text)), int16(binary.BigEndian.Uint16(text[2:]))
		r := kmsg.RequestForKey(key)
		r.SetVersion(version)
		rest := text[10:] // after the client's id, and the tags in newer headers
		rest = rest[max(0, int16(binary.BigEndian.Uint16(text[8:]))):]
		if r.IsFlexible() {
			rest = rest[1:]
		}
		if !assert.NoError(t, r.ReadFrom(rest)) {
			return
		}
		answer := answerTo(r)
		answer.SetVersion(version)
		out := append(make([]byte, 4), text[4:8]...)
		if answer.IsFlexible() && key != kmsg.ApiVersions.Int16() {
			out = append(out, 0)
		}
		out = answer.AppendTo(out)
		binary.BigEndian.PutUint32(out, uint32(len(out)-4))
		if _, err := c.Write(out); err != nil {
			return
		}
	}
}

func answerTo(r kmsg.Request) kmsg.Response {
	answer := r.ResponseKind()
	switch answer := answer.(type) {
	case *kmsg.ApiVersionsResponse:
		for _, k := range []kmsg.ApiVersionsResponseApiKey{{ApiKey: 0, MaxVersion: 9}, {ApiKey: 3, MaxVersion: 9}, {ApiKey: 18, MaxVersion: 3}} {
			answer.ApiKeys = append(answer.ApiKeys, k)
		}
	case *kmsg.MetadataResponse:
		answer.Brokers = []kmsg.MetadataResponseBroker{{NodeID: 1, Host: "broker", Port: 1}}
		answer.ControllerID = 1
		topic := kmsg.NewMetadataResponseTopic()
		topic.Topic = kmsg.StringPtr("topic")
		for n := range int32(3) {
			partition := kmsg.NewMetadataResponseTopicPartition()
			partition.Partition, partition.Leader = n, 1
			partition.Replicas, partition.ISR = []int32{1}, []int32{1}
			topic.Partitions = append(topic.Partitions, partition)
		}
		answer.Topics = []kmsg.MetadataResponseTopic{topic}
	case *kmsg.ProduceResponse:
		for _, from := range r.(*kmsg.ProduceRequest).Topics {
			topic := kmsg.NewProduceResponseTopic()
			topic.Topic = from.Topic
			for _, p := range from.Partitions {
				partition := kmsg.NewProduceResponseTopicPartition()
				partition.Partition = p.Partition
				topic.Partitions = append(topic.Partitions, partition)
			}
			answer.Topics = append(answer.Topics, topic)
		}
	}
	return answer
}
