package kgo

import "context"

type (
	Client struct{}
	Record struct{}
)

func (*Client) Produce(ctx context.Context, r *Record, promise func(*Record, error))    {}
func (*Client) TryProduce(ctx context.Context, r *Record, promise func(*Record, error)) {}

func (*Client) ProduceSync(ctx context.Context, rs ...*Record) []error { return nil }

func (*Client) CommitOffsets(ctx context.Context, offsets map[string]int64, onDone func(*Client, error)) {}
