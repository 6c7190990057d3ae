package franzgo_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/ambient-go/ambient/gls"
	recipe "github.com/ambient-go/ambient/gls/recipes/franzgo"
	"github.com/ambient-go/ambient/gls/recipes/internal/loadtest"
)

const topic = "greetings"

// connect runs a broker and returns a client of it that consumes the topic.
func connect(t *testing.T) *kgo.Client {
	t.Helper()
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(3, topic))
	require.NoError(t, err)
	t.Cleanup(cluster.Close)
	client, err := kgo.NewClient(kgo.SeedBrokers(cluster.ListenAddrs()...), kgo.ConsumeTopics(topic),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	require.NoError(t, err)
	t.Cleanup(client.Close)
	return client
}

func TestEachRecordHasItsOwnScopeAndItsPromiseIsItsSenders(t *testing.T) {
	client := connect(t)
	c := loadtest.NewConsumer(t, recipe.MessageID)
	c.Start(func() {
		recipe.Start(t.Context(), client, func(r *kgo.Record) { c.Handle(string(r.Key)) })
	})
	var promises loadtest.Completion
	loadtest.Each(func(id string) {
		promises.Expect()
		promises.Expect()
		record := &kgo.Record{Topic: topic, Key: []byte(id)}
		recipe.Produce(t.Context(), client, record, func(_ *kgo.Record, err error) {
			assert.NoError(t, err)
			promises.Done(id)
		})
		again := &kgo.Record{Topic: topic, Key: []byte(id)} // which Handle knows
		client.Produce(t.Context(), again, func(*kgo.Record, error) { promises.Bare() })
	})
	promises.Verify(t)
	c.Verify(t)
}

var user = gls.New[string]("user")

func Example() {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, topic))
	if err != nil {
		panic(err)
	}
	defer cluster.Close()
	client, err := kgo.NewClient(kgo.SeedBrokers(cluster.ListenAddrs()...))
	if err != nil {
		panic(err)
	}
	defer client.Close()
	done := make(chan struct{})
	user.Run("Ada", func() {
		record := kgo.KeySliceRecord([]byte("7"), []byte("hello"))
		record.Topic = topic
		client.Produce(client.Context(), record, gls.Bind(func(_ *kgo.Record, err error) { // the recipe
			fmt.Println(user.Get())
			close(done)
		}))
	})
	<-done
	// Output: Ada true
}
