package kafkago_test

import (
	"context"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/ambient-go/ambient/gls/recipes/internal/loadtest"
	recipe "github.com/ambient-go/ambient/gls/recipes/kafkago"
	"github.com/ambient-go/ambient/internal/adaptertest"
)

const topic = "greetings"

func TestEachMessageHasItsOwnScope(t *testing.T) {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, topic))
	require.NoError(t, err)
	t.Cleanup(cluster.Close)
	c := loadtest.NewConsumer(t, recipe.MessageID)
	var completions loadtest.Completion
	writer := &kafka.Writer{
		Addr: kafka.TCP(cluster.ListenAddrs()...), Topic: topic, BatchTimeout: 10 * time.Millisecond,
		Completion: func([]kafka.Message, error) {
			completions.Expect()
			completions.Bare()
		},
	}
	t.Cleanup(func() { _ = writer.Close() })
	reader := kafka.NewReader(kafka.ReaderConfig{
		Brokers: cluster.ListenAddrs(), Topic: topic, MaxWait: 10 * time.Millisecond,
	})
	t.Cleanup(func() { _ = reader.Close() })
	c.Start(func() {
		recipe.Start(t.Context(), reader, func(m kafka.Message) { c.Handle(string(m.Key)) })
	})
	messages := make([]kafka.Message, adaptertest.Calls)
	for i := range messages {
		messages[i].Key = []byte(strconv.Itoa(i))
	}
	c.Start(func() { require.NoError(t, writer.WriteMessages(t.Context(), messages...)) })
	c.Verify(t)
	completions.None(t)
}

func Example() {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, topic))
	if err != nil {
		panic(err)
	}
	defer cluster.Close()
	reader := kafka.NewReader(kafka.ReaderConfig{
		Brokers: cluster.ListenAddrs(), Topic: topic, MaxWait: 10 * time.Millisecond,
	})
	defer reader.Close()
	done := make(chan struct{})
	recipe.Start(context.Background(), reader, func(kafka.Message) { // the recipe
		fmt.Println(recipe.MessageID.Get())
		close(done)
	})
	writer := &kafka.Writer{Addr: kafka.TCP(cluster.ListenAddrs()...), Topic: topic, BatchTimeout: time.Millisecond}
	defer writer.Close()
	if err := writer.WriteMessages(context.Background(), kafka.Message{Key: []byte("7")}); err != nil {
		panic(err)
	}
	<-done
	// Output: 7 true
}
