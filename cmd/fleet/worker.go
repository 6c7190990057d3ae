package main

// runWorker takes orders from the queue, stores them and starts their shipping.
func runWorker(p place, done <-chan struct{}) error {
	q, err := openQueue(p.queue)
	if err != nil {
		return err
	}
	defer q.close()
	s, err := dialShipping(p.shipping)
	if err != nil {
		return err
	}
	defer s.close()
	kept := newStoreClient(p)
	return q.consume(func(goods string) error {
		if err := kept.save("orders", goods); err != nil {
			return err
		}
		return s.ship(goods)
	}, done)
}
