package a

import (
	"context"
	"database/sql"
	"sync"
	"time"

	"github.com/ambient-go/ambient/cmd/ambient/lint/sqltx/testdata/src/other"
	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glssql"
)

var (
	ctx   = context.Background()
	pool  *sql.DB
	spare *sql.DB
	db    = glssql.New(pool)
)

type store struct {
	raw *sql.DB
	db  *glssql.DB
}

func open(raw *sql.DB) *store {
	s := &store{raw: raw}
	s.db = glssql.New(s.raw)
	return s
}

func (s *store) save() error { // want save:`does{Statements:\[db\] Escapes:s.raw}`
	return s.db.Run(ctx, nil, func() error {
		s.raw.QueryRow("SELECT 1") // want `a statement on s.raw, the \*sql.DB itself, inside of a Run`
		s.db.QueryRow("SELECT 1")
		return s.step()
	})
}

func (s *store) step() error { // want step:`does{Statements:\[\] Escapes:s.raw}`
	_, err := s.raw.ExecContext(ctx, "DELETE") // want `a statement on s.raw`
	return err
}

func literal() { // want literal:`does{Statements:\[db\] Escapes:pool}`
	pool.Exec("DELETE") // in no Run
	_ = db.Run(ctx, nil, func() error {
		pool.Exec("DELETE")               // want `a statement on pool`
		db.Unwrap().QueryContext(ctx, "") // want `a statement on db.Unwrap\(\)`
		raw := db.Unwrap()
		raw.BeginTx(ctx, nil) // want `a statement on raw`
		raw.Ping()            // not a statement
		spare.Exec("DELETE")  // another database
		db.Outside(func() { pool.Exec("DELETE") })
		db.AfterCommit(func() { pool.Exec("DELETE") })
		return db.Run(ctx, nil, helper)
	})
}

func helper() error { // want helper:`does{Statements:\[\] Escapes:pool}`
	_, err := pool.Prepare("DELETE") // want `a statement on pool`
	if err != nil {
		return helper()
	}
	return nil
}

func goroutines() { // want goroutines:`does{Statements:\[db\] Escapes:}`
	body := func() error {
		go db.Exec("DELETE")                     // want `a go statement inside of a Run starts statements on its DB`
		go func() { db.Query("") }()             // want `a go statement inside of a Run`
		go write()                               // want `a go statement inside of a Run`
		go func() { db.Run(ctx, nil, helper) }() // want `a go statement inside of a Run`
		go func() { println("no statement") }()
		go func() { db.Outside(func() { db.Exec("DELETE") }) }()
		gls.Go(func() { println("carried") })
		gls.Go(write)                        // want `gls.Go inside of a Run starts statements on its DB`
		gls.Go(func() { db.Exec("DELETE") }) // want `gls.Go inside of a Run`
		return nil
	}
	_ = db.Run(ctx, nil, body)
	go db.Exec("DELETE") // in no Run
}

func write() { db.Exec("INSERT") } // want write:`does{Statements:\[db\] Escapes:}`

// One *sql.DB in two fields, and the glssql.DB that was made of it.
type repository struct {
	plain   *sql.DB
	replica *sql.DB
	db      *glssql.DB
}

func newRepository(dsn, replica *sql.DB) *repository {
	return &repository{plain: dsn, replica: replica, db: glssql.New(dsn)}
}

func (r *repository) save() error { // want save:`does{Statements:\[db\] Escapes:r.plain}`
	return r.db.Run(ctx, nil, func() error {
		r.plain.Exec("INSERT")   // want `a statement on r.plain`
		r.replica.Exec("INSERT") // another database
		return nil
	})
}

func (r *repository) outside() { r.plain.Exec("INSERT") } // want outside:`does{Statements:\[\] Escapes:r.plain}`

func others() error { // want others:`does{Statements:\[db\] Escapes:}`
	return db.Run(ctx, nil, func() error {
		var wg sync.WaitGroup
		wg.Go(write) // want `wg.Go inside of a Run starts statements on its DB: they are refused, or no part of the transaction if the goroutine is an older one; the transaction`
		wg.Go(func() { println("no statement") })
		wg.Wait()
		var carried gls.WaitGroup
		carried.Go(write)                                  // want `gls.WaitGroup.Go inside of a Run starts statements on its DB: they are refused, the transaction`
		gls.AfterFunc(time.Second, write)                  // want `gls.AfterFunc inside of a Run`
		time.AfterFunc(time.Second, write)                 // want `time.AfterFunc inside of a Run`
		time.AfterFunc(time.Second, func() { println(1) }) // ok: no statement
		return nil
	})
}

// Statements in functions that the goroutine calls, in this package and others.
func through(r *other.Repo) error { // want through:`does{Statements:\[db\] Escapes:r.raw}`
	return db.Run(ctx, nil, func() error {
		gls.Go(func() { deep() })                   // want `gls.Go inside of a Run starts statements on its DB`
		go func() { r.InsertAll(ctx) }()            // want `a go statement inside of a Run`
		go r.Insert(ctx)                            // want `a go statement inside of a Run`
		go r.LogOutside(ctx)                        // ok: outside
		db.AfterCommit(func() { go r.Insert(ctx) }) // ok: after it
		r.Log(ctx)                                  // want `^r.Log runs a statement on r.raw, the \*sql.DB itself, inside of a Run: it is no part of the transaction`
		r.Later(ctx)                                // ok: not on this goroutine
		db.Outside(func() { r.Log(ctx) })           // ok: outside
		return r.InsertAll(ctx)                     // ok: part of the transaction
	})
}

func deep() { write() } // want deep:`does{Statements:\[db\] Escapes:}`

func otherDatabase(a *other.Audit) error { // want otherDatabase:`does{Statements:\[\? db log\] Escapes:}`
	return db.Run(ctx, nil, func() error {
		go a.Write(ctx)                 // ok: another database
		gls.Go(func() { a.Write(ctx) }) // ok: the same
		go other.WriteTo(ctx, db)       // want `a go statement inside of a Run`
		return nil
	})
}
