package glswatermill_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/pubsub/gochannel"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glslog"
	"github.com/ambient-go/ambient/gls/glswatermill"
	"github.com/ambient-go/ambient/internal/adaptertest"
)

// Each message has an identity in its payload and one that travels. All are in their handlers at once; a third of them
// fail and a third panic at first, and come again.
func TestEachOfManyMessagesHasItsOwnValues(t *testing.T) {
	adaptertest.Build(t)
	const n = adaptertest.Calls
	broker := gochannel.NewGoChannel(gochannel.Config{OutputChannelBuffer: n}, watermill.NopLogger{})
	router := newRouter(t)
	f := flow.OnError(failOnError(t))
	router.AddMiddleware(f.Middleware)
	var (
		tally         adaptertest.Tally
		inside, ended sync.WaitGroup
		late          sync.WaitGroup
		over          = make(chan struct{})
		mu            sync.Mutex
		tries         = make(map[string]int)
		lines         bytes.Buffer
		log           = slog.New(glslog.Handler(slog.NewJSONHandler(&lines, nil)))
	)
	inside.Add(n)
	ended.Add(n)
	read := func(place, want, id string) {
		got, ok := tenant.Get()
		tally.During(place, want, got, ok)
		got, ok = glswatermill.MessageID()
		tally.During(place+", the id", id, got, ok)
	}
	router.AddConsumerHandler("consumer", "topic", broker, func(m *message.Message) error {
		name, i := string(m.Payload), 0
		_, _ = fmt.Sscanf(name, "tenant-%d", &i)
		mu.Lock()
		tries[name]++
		try := tries[name]
		mu.Unlock()
		read("handler", name, m.UUID)
		if try == 1 {
			inside.Done()
			inside.Wait()
			read("handler, after the others have come", name, m.UUID)
			tenant.Enter("entered and never left")
			switch i % 3 {
			case 1:
				return errors.New("at first")
			case 2:
				panic("at first")
			}
			tenant.Enter(name)
		}
		done := make(chan struct{})
		gls.Go(func() {
			defer close(done)
			read("child", name, m.UUID)
			log.Info("consumed", "want", m.UUID)
		})
		<-done
		late.Add(1)
		gls.Go(func() {
			defer late.Done()
			<-over
			got, ok := tenant.Get()
			tally.After("late", name, got, ok)
		})
		ended.Done()
		return nil
	})
	run(t, router)
	p := f.Publisher(broker)
	adaptertest.Each(n, func(i int) {
		name := fmt.Sprint("tenant-", i)
		tenant.Run(name, func() {
			assert.NoError(t, p.Publish("topic", message.NewMessage(watermill.NewUUID(), []byte(name))))
		})
	})
	ended.Wait()
	close(over)
	late.Wait()
	tally.Verify(t, 2*n*3, n)
	assert.Len(t, tries, n)

	count := 0
	for decoder := json.NewDecoder(&lines); decoder.More(); count++ {
		var line map[string]any
		require.NoError(t, decoder.Decode(&line))
		assert.Equal(t, line["want"], line["message_id"])
		assert.Equal(t, "topic", line["topic"])
	}
	assert.Equal(t, n, count)
}
