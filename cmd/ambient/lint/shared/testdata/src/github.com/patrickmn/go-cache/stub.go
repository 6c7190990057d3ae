package cache

import "time"

type Cache struct{ *cache }

type cache struct{}

func (*cache) Set(k string, x any, d time.Duration) {}
