// The program of the package documentation is the first example of this file.

package glslog_test

import (
	"fmt"
	"log/slog"
	"os"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glslog"
)

// lines returns a handler to standard output without the time.
func lines() slog.Handler {
	return slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: noTime})
}

func noTime(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}

func placeOrder() { slog.Info("placed", "amount", 12) }

func Example() {
	defer restoreDefault()()
	slog.SetDefault(slog.New(glslog.Handler(lines())))
	glslog.Run(placeOrder, slog.String("user", "ada"))
	placeOrder()
	// Output:
	// level=INFO msg=placed user=ada amount=12
	// level=INFO msg=placed amount=12
}

func ExampleWith() {
	log := slog.New(glslog.Handler(lines()))
	user := gls.New[string]("user")
	gls.Run(func() {
		log.Info("signed in")
		glslog.Run(func() { log.WithGroup("order").Info("placed", "amount", 12) }, slog.Int("try", 2))
		log.Info("signed out")
	}, user.With("ada"), glslog.With(slog.String("user", "ada"), slog.Int("try", 1)))
	// Output:
	// level=INFO msg="signed in" user=ada try=1
	// level=INFO msg=placed user=ada try=2 order.amount=12
	// level=INFO msg="signed out" user=ada try=1
}

func ExampleShow() {
	tenant := gls.New[string]("tenant")
	log := slog.New(glslog.Handler(lines(), glslog.Show("tenant", tenant)))
	tenant.Run("acme", func() { log.Info("placed", "amount", 12) })
	log.Info("started")
	// Output:
	// level=INFO msg=placed amount=12 tenant=acme
	// level=INFO msg=started
}

func ExampleReplace() {
	log := slog.New(glslog.Handler(lines(), glslog.Replace(func(a slog.Attr) slog.Attr {
		switch a.Key {
		case "password":
			return slog.Attr{}
		case "user":
			a.Key = "enduser.id"
		}
		return a
	})))
	glslog.Run(func() { log.Info("placed") }, slog.String("user", "ada"), slog.String("password", "secret"))
	// Output: level=INFO msg=placed enduser.id=ada
}

// Attrs is for loggers other than slog's.
func ExampleAttrs() {
	glslog.Run(func() {
		for _, a := range glslog.Attrs() {
			fmt.Println(a.Key, a.Value)
		}
	}, slog.String("user", "ada"), slog.Int("try", 1))
	// Output:
	// user ada
	// try 1
}
