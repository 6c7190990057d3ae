// The snippets of the package documentation are the first example of this file.

package glssql_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/ambient-go/ambient/gls/glssql"
)

var (
	tables = &recorder{}
	db     = glssql.New(sql.OpenDB(tables)) // one for each *sql.DB
)

func AddUser(name string) error {
	_, err := db.Exec("insert ?", name)
	return err
}

func AddMail(name string) error {
	if name == "nobody" {
		return errors.New("nobody has no mail")
	}
	_, err := db.Exec("insert ?", "welcome, "+name)
	return err
}

func SignUp(ctx context.Context, name string) error {
	return db.Run(ctx, nil, func() error {
		if err := AddUser(name); err != nil {
			return err
		}
		db.AfterCommit(func() { fmt.Println("signed up:", name) })
		return AddMail(name)
	})
}

func Example() {
	ctx := context.Background()
	fmt.Println(SignUp(ctx, "ada"))
	fmt.Println(SignUp(ctx, "nobody"))
	fmt.Println(tables.Rows())
	// Output:
	// signed up: ada
	// <nil>
	// nobody has no mail
	// [ada welcome, ada]
}

// A nested Run is a savepoint: what fails in it fails nothing else.
func ExampleDB_Run() {
	r := &recorder{}
	db := glssql.New(sql.OpenDB(r))
	_ = db.Run(context.Background(), nil, func() error {
		_, _ = db.Exec("insert order")
		err := db.Run(context.Background(), nil, func() error {
			_, _ = db.Exec("insert discount")
			return errors.New("no such discount")
		})
		fmt.Println(err)
		return nil
	})
	fmt.Println(r.Rows())
	// Output:
	// no such discount
	// [order]
}

// What a worker does for a transaction's code is no part of the transaction, and says so.
func ExampleDB_Outside() {
	r := &recorder{}
	db := glssql.New(sql.OpenDB(r))
	err := db.Run(context.Background(), nil, func() error {
		_, _ = db.Exec("insert payment")
		db.Outside(func() { _, _ = db.Exec("insert attempt") })
		return errors.New("declined")
	})
	fmt.Println(err, r.Rows())
	// Output: declined [attempt]
}
