// Package deep has functions that call one another in so many ways that to look into each call of each call takes years.
package deep

import "sync"

type pool struct{ first, second sync.WaitGroup }

func (p *pool) f0(wg *sync.WaitGroup) {
	p.f0(wg)
	p.f1(wg)
	p.f2(wg)
	p.f3(wg)
	p.f4(wg)
	p.f5(wg)
	p.f6(wg)
	p.f7(wg)
	p.f0(&p.first)
	p.f1(&p.first)
	p.f2(&p.first)
	p.f3(&p.first)
	p.f4(&p.first)
	p.f5(&p.first)
	p.f6(&p.first)
	p.f7(&p.first)
}

func (p *pool) f1(wg *sync.WaitGroup) {
	p.f0(wg)
	p.f1(wg)
	p.f2(wg)
	p.f3(wg)
	p.f4(wg)
	p.f5(wg)
	p.f6(wg)
	p.f7(wg)
	p.f0(&p.first)
	p.f1(&p.first)
	p.f2(&p.first)
	p.f3(&p.first)
	p.f4(&p.first)
	p.f5(&p.first)
	p.f6(&p.first)
	p.f7(&p.first)
}

func (p *pool) f2(wg *sync.WaitGroup) {
	p.f0(wg)
	p.f1(wg)
	p.f2(wg)
	p.f3(wg)
	p.f4(wg)
	p.f5(wg)
	p.f6(wg)
	p.f7(wg)
	p.f0(&p.first)
	p.f1(&p.first)
	p.f2(&p.first)
	p.f3(&p.first)
	p.f4(&p.first)
	p.f5(&p.first)
	p.f6(&p.first)
	p.f7(&p.first)
}

func (p *pool) f3(wg *sync.WaitGroup) {
	p.f0(wg)
	p.f1(wg)
	p.f2(wg)
	p.f3(wg)
	p.f4(wg)
	p.f5(wg)
	p.f6(wg)
	p.f7(wg)
	p.f0(&p.first)
	p.f1(&p.first)
	p.f2(&p.first)
	p.f3(&p.first)
	p.f4(&p.first)
	p.f5(&p.first)
	p.f6(&p.first)
	p.f7(&p.first)
}

func (p *pool) f4(wg *sync.WaitGroup) {
	p.f0(wg)
	p.f1(wg)
	p.f2(wg)
	p.f3(wg)
	p.f4(wg)
	p.f5(wg)
	p.f6(wg)
	p.f7(wg)
	p.f0(&p.first)
	p.f1(&p.first)
	p.f2(&p.first)
	p.f3(&p.first)
	p.f4(&p.first)
	p.f5(&p.first)
	p.f6(&p.first)
	p.f7(&p.first)
}

func (p *pool) f5(wg *sync.WaitGroup) {
	p.f0(wg)
	p.f1(wg)
	p.f2(wg)
	p.f3(wg)
	p.f4(wg)
	p.f5(wg)
	p.f6(wg)
	p.f7(wg)
	p.f0(&p.first)
	p.f1(&p.first)
	p.f2(&p.first)
	p.f3(&p.first)
	p.f4(&p.first)
	p.f5(&p.first)
	p.f6(&p.first)
	p.f7(&p.first)
}

func (p *pool) f6(wg *sync.WaitGroup) {
	p.f0(wg)
	p.f1(wg)
	p.f2(wg)
	p.f3(wg)
	p.f4(wg)
	p.f5(wg)
	p.f6(wg)
	p.f7(wg)
	p.f0(&p.first)
	p.f1(&p.first)
	p.f2(&p.first)
	p.f3(&p.first)
	p.f4(&p.first)
	p.f5(&p.first)
	p.f6(&p.first)
	p.f7(&p.first)
}

func (p *pool) f7(wg *sync.WaitGroup) {
	p.f0(wg)
	p.f1(wg)
	p.f2(wg)
	p.f3(wg)
	p.f4(wg)
	p.f5(wg)
	p.f6(wg)
	p.f7(wg)
	p.f0(&p.first)
	p.f1(&p.first)
	p.f2(&p.first)
	p.f3(&p.first)
	p.f4(&p.first)
	p.f5(&p.first)
	p.f6(&p.first)
	p.f7(&p.first)
}

func waited(p *pool) {
	var wg sync.WaitGroup
	wg.Add(1)
	go func() { wg.Done() }() // want `waited for`
	p.f0(&wg)
	wg.Wait()
}

func not(p *pool) {
	var wg sync.WaitGroup
	wg.Add(1)
	go func() { wg.Done() }() // ok: none of them waits
	p.f0(&wg)
}
