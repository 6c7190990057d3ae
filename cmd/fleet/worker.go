package main

// runWorker takes orders from the queue, keeps each in the store and has it shipped.
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
