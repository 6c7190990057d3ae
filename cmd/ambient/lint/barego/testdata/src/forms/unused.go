package forms

// What is a variable's only use stays one.
func onlyUse() {
	x := read()
	go func(_ int) { read() }(x) // want `reads`
	y := read()
	go func(unused int) { read() }(y) // want `reads`
	_ = y
}

// A variable that changes later is copied, one that changed before is not.
func changes(n int, p *T, t T, names []string) {
	for i := 0; i < n; i++ {
		go one(i) // want `reads`
	}
	before := n
	before++
	go one(before) // want `reads`
	after := n
	go one(after) // want `reads`
	after++
	total := 0
	for range n {
		go one(total) // want `reads`
		total++
	}
	for range n {
		each := 0
		each++
		go one(each) // want `reads`
	}
	addressed := n
	pointer := &addressed
	go one(addressed) // want `reads`
	*pointer = 2
	inClosure := n
	set := func() { inClosure = 2 }
	go one(inClosure) // want `reads`
	set()
	go t.pointer() // want `reads`
	go t.value(n)  // want `reads`
	t.n = 2
	go p.value(n) // want `reads`
	p.n = 2
	for _, name := range names {
		go func(name string) { read(); _ = name }(name) // want `reads`
	}
	go func(p *T) { read(); p.n++ }(p)     // want `reads`
	go func(t *T) { read(); t.n++ }(&t)    // want `reads`
	go func(t *T) { read(); *t = T{} }(&t) // want `reads`
	go func(n int) { n++; read() }(n)      // want `reads`
}

func named(n int) (err error) {
	go wide(1, err) // want `reads`
	return nil
}

func again(n int) func() {
	x := n
	return func() {
		go one(x) // want `reads`
	}
}
